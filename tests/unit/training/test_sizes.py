"""What does not fit into memory is trained in parts, and comes out as if it had fitted."""

import dataclasses
import logging

import numpy as np
import pytest

from batchscope.data.new_splits import draw_splits
from batchscope.data.prepare import make_dataset
from batchscope.hardware.backend import tf
from batchscope.training import compiled, engines, streaming
from batchscope.training import train as training
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.compiled import CompiledEngine
from batchscope.training.engines import Way
from batchscope.training.fit import FitEngine
from batchscope.training.streaming import StreamingEngine
from batchscope.training.task import Draw, Stage, Task

RATE = 0.003
LOSS = "SparseCategoricalCrossentropy"
DENSE = [{"Dense": {"units": 20, "activation": "relu", "kernel_regularizer": "l2"}}]
CONVOLUTION = [
    {"Reshape": {"target_shape": [4, 4, 1]}},
    {"Conv2D": {"filters": 3, "kernel_size": 3, "activation": "relu"}},
    "Flatten",
]
CLIPPED = {"Adam": {"clipnorm": 0.1}}  # one replicate at a time

pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture(scope="module")
def dataset(first_500):
    generated = {"n_samples": 800, "n_features": 16, "n_informative": 6, "n_classes": 3, "random_state": 2}
    return make_dataset({"make_classification": generated}, first_500)


@pytest.fixture
def make_task(dataset):
    def make(model=DENSE, optimizer="Adam", batch_size=450, **changes):
        return Task(dataset, model, optimizer, LOSS, [Stage(batch_size, 2)], seed=0, **changes)

    return make


@pytest.fixture
def train(tmp_path):
    def run(task: Task, replicates: int = 1) -> np.ndarray:
        checkpoint = Checkpoint(tmp_path / "checkpoint", "key")
        groups = {"own": task.replicates(replicates)}
        [result] = training.train(task, [RATE], groups, Way("compiled"), 3000, checkpoint)["own"]
        return result.history

    return run


def histories(task: Task, width: int = 2, engine: type = CompiledEngine) -> np.ndarray:
    return engine(task, width, stacked=width > 1).train(task.replicates(width), RATE, lambda _: None).history


def assert_same_history(history: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(history[..., 0::2], expected[..., 0::2], rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(history[..., 1::2], expected[..., 1::2])


@pytest.mark.parametrize(
    ("model", "optimizer", "width"),
    [(CONVOLUTION, "Adam", 2), (DENSE, CLIPPED, 1)],
    ids=["stacked", "one at a time"],
)
def test_micro_batches_train_as_whole_batches(make_task, model, optimizer, width):
    """Batches of 450 and 50 rows, in parts of 64 rows and what is left: 2 rows of the first batch, 50 of the last."""
    task = make_task(model, optimizer)
    assert_same_history(histories(dataclasses.replace(task, micro_batch_size=64), width), histories(task, width))


def test_with_micro_batches_more_replicates_fit_into_memory(make_task):
    task = make_task(batch_size=500)
    memory = 20 * 2**20
    widths = [
        compiled.stack_width(dataclasses.replace(task, micro_batch_size=size), 1000, memory) for size in (None, 500, 5)
    ]
    assert widths[0] == widths[1] < widths[2]


@pytest.mark.parametrize(("batch_size", "said"), [(100, 0), (101, 2)])
def test_layers_that_see_micro_batches_are_named(make_task, batch_size, said):
    penalized = {"Dense": {"units": 5, "activity_regularizer": "l1", "name": "penalized"}}
    norm = {"BatchNormalization": {"name": "norm"}}
    task = make_task([penalized, {"Dense": {"units": 5}}, norm], batch_size=batch_size, micro_batch_size=100)
    _, words = engines.make_engine(task, Way("compiled"), 1, 3000)
    micro_batches = [
        "the gradients of larger batches are added up from micro-batches of 100 rows",
        "to these layers a micro-batch is the whole batch: penalized, norm",
    ]
    assert words == "; ".join(["compiled to train 1 replicates at a time", *micro_batches[:said]])


@pytest.fixture
def memory_of_100_rows(monkeypatch):
    differentiate = CompiledEngine._differentiate

    def differentiate_if_small(engine, rows, start, size):
        if min(size, engine._task.rows_at_once) * engine.width > 100:
            raise tf.errors.ResourceExhaustedError(None, None, "out of memory")
        return differentiate(engine, rows, start, size)

    monkeypatch.setattr(CompiledEngine, "_differentiate", differentiate_if_small)


def test_out_of_memory_with_one_replicate_divides_the_batches(make_task, train, memory_of_100_rows, caplog):
    history = train(make_task(batch_size=300), replicates=2)
    said = [record.message for record in caplog.records if "out of memory" in record.message]
    assert said == [
        "out of memory; trying again with 1 replicates at a time",
        "out of memory; trying again with micro-batches of 150 rows",
        "out of memory; trying again with micro-batches of 75 rows",
    ]
    assert np.isfinite(history).all()


def test_what_cannot_be_divided_stays_out_of_memory(make_task, train, memory_of_100_rows):
    summed = dataclasses.replace(make_task(batch_size=300), loss={LOSS: {"reduction": "sum"}})
    with pytest.raises(tf.errors.ResourceExhaustedError):
        train(summed)


@pytest.fixture
def _blocks_of_100_rows(monkeypatch):
    monkeypatch.setattr(streaming, "_BYTES_OF_A_BLOCK", 2 * 100 * 16 * 4)  # two replicates, 16 features in float32


@pytest.mark.usefixtures("_blocks_of_100_rows")
@pytest.mark.parametrize(
    ("width", "changes"),
    [
        (2, {"stages": [Stage(32, 1), Stage(150, 1)]}),  # blocks of 3 batches, then of 1
        # blocks of 180 rows of a batch, in micro-batches of 60; each replicate by itself
        (1, {"optimizer": CLIPPED, "micro_batch_size": 60, "resampled": True}),
    ],
    ids=["whole batches", "micro-batches"],
)
def test_streamed_rows_train_as_those_on_the_device(make_task, dataset, width, changes):
    validation = {"x_validation": dataset.x_test[:170], "y_validation": dataset.y_test[:170]}
    task = dataclasses.replace(make_task(), dataset=dataset._replace(**validation), **changes)
    streamed, held = (engine(task, width, stacked=width > 1) for engine in (StreamingEngine, CompiledEngine))
    for rate in (RATE, 2 * RATE):  # the second from the same start
        one, other = (engine.train(task.replicates(width), rate, lambda _: None) for engine in (streamed, held))
        assert_same_history(one.history, other.history)
        assert one.updates.tolist() == other.updates.tolist()
    rows = [np.arange(len(task.y))] * width
    np.testing.assert_allclose(streamed.outputs(rows), held.outputs(rows), rtol=1e-9)


@pytest.mark.usefixtures("_blocks_of_100_rows")
def test_what_is_measured_within_epochs_is_compiled_before_it_is_trained(make_task):
    task = dataclasses.replace(make_task(), stages=[Stage(32, 2)], evaluate_every={"updates": 5})
    engine = StreamingEngine(task, 2, stacked=True)
    programs = [*engine._train.values(), engine._evaluate]
    before = [program.experimental_get_tracing_count() for program in programs]
    engine.train(task.replicates(2), RATE, lambda _: None)
    assert [program.experimental_get_tracing_count() for program in programs] == before


@pytest.mark.usefixtures("_blocks_of_100_rows")
def test_no_more_than_a_block_is_fed_at_once(make_task, monkeypatch):
    fed = []
    stream = StreamingEngine._stream

    def watch(engine, rows, size):
        for x, y in stream(engine, rows, size):
            fed.append(x.shape[-2])
            yield x, y

    monkeypatch.setattr(StreamingEngine, "_stream", watch)
    engine = StreamingEngine(make_task(batch_size=500, micro_batch_size=50), 2, stacked=True)
    fed.clear()
    engine.train(engine._task.replicates(2), RATE, lambda _: None)
    assert fed == ([100] * 5 + [100] * 3) * 2  # training and test rows of two epochs


def test_data_that_takes_much_of_the_memory_is_streamed(make_task, caplog):
    task = make_task(batch_size=500)
    kinds = []
    with caplog.at_level(logging.INFO):
        for memory_mb in (0.19, 0.2):
            kinds.append(type(engines.make_engine(task, Way("compiled"), 1, memory_mb)[0]))
    assert kinds == [StreamingEngine, CompiledEngine]
    assert caplog.text.count("the rows are streamed") == 1


def test_new_splits_that_are_too_many_to_hold_are_streamed_and_the_own_one_is_held(make_task, dataset, first_500):
    generated = {"n_samples": 800, "n_features": 16, "n_informative": 6, "n_classes": 3, "random_state": 2}
    drawn = draw_splits({"make_classification": generated}, first_500, "StandardScaler", False, seed=0, replicates=3)
    task = make_task(splits=drawn)
    groups = {"own": task.replicates(2), "new": task.on_new_splits()}
    for memory_mb, kinds in ((0.2, [CompiledEngine, StreamingEngine]), (0.8, [CompiledEngine] * 2)):
        made, words = engines.make_engines(task, groups, Way("compiled"), 2, memory_mb)
        assert [type(made[name]) for name in groups] == kinds
        assert ["streamed" in words[name] for name in groups] == [kind is StreamingEngine for kind in kinds]


def test_model_fit_takes_whole_batches(make_task, train, caplog):
    train(make_task(optimizer="ScheduleFreeAdamW", micro_batch_size=100))
    assert "Model.fit trains whole batches: micro_batch_size does not count" in caplog.text


def test_model_fit_out_of_memory_says_what_helps(make_task, monkeypatch):
    def fit(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "out of memory")

    monkeypatch.setattr("keras.Model.fit", fit)
    with pytest.raises(MemoryError, match="take smaller ones"):
        FitEngine(make_task()).train([Draw(0, 0, None)], RATE, lambda _: None)
