"""The compiled engine trains as `Model.fit` does: in float64, where rounding does not grow, to 1e-9 in every epoch."""

import dataclasses
import itertools
import logging

import numpy as np
import pytest

from batchscope.data.new_splits import draw_splits
from batchscope.data.prepare import make_dataset
from batchscope.hardware.backend import keras, tf
from batchscope.model import losses
from batchscope.training import compiled
from batchscope.training import train as training
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.fit import FitEngine
from batchscope.training.task import Draw, Stage, Task

pytestmark = pytest.mark.usefixtures("float64")

DENSE = [{"Dense": {"units": 20, "activation": "relu", "kernel_initializer": "he_uniform"}}]
CONVOLUTION = [
    {"Reshape": {"target_shape": [4, 4, 1]}},
    {"Conv2D": {"filters": 3, "kernel_size": 3, "activation": "relu"}},
    "Flatten",
]
BATCH_NORMALIZATION = [{"Dense": {"units": 10}}, "BatchNormalization", {"Activation": {"activation": "relu"}}]
MODELS = {"Dense": DENSE, "Conv2D": CONVOLUTION, "BatchNormalization": BATCH_NORMALIZATION}
# Whole lines of the log, as "cannot be compiled to train ..." ends alike.
STACKED, ALONE = "compiled to train 2 replicates at a time", "compiled to train one replicate at a time"
OPTIMIZERS = {"SGD": {"SGD": {"momentum": 0.9}}, "Adam": "Adam", "RMSprop": "RMSprop"}
SIXTEEN_FEATURES = {
    "make_classification": {"n_samples": 800, "n_features": 16, "n_informative": 6, "n_classes": 3, "random_state": 2}
}
RATES = [0.003, 0.001]  # small enough for rounding not to grow chaotically
LOSS = "SparseCategoricalCrossentropy"
MEMORY_MB = 3000


@pytest.fixture(scope="module")
def dataset(first_500):
    return make_dataset(SIXTEEN_FEATURES, first_500)


@pytest.fixture
def train(tmp_path):
    """Trains, with a checkpoint of its own that is not looked at again."""
    folders = (tmp_path / str(number) for number in itertools.count())

    def run(task, rates, replicates, engine="compiled", memory_mb=MEMORY_MB) -> list[training.Result]:
        groups = {"own": task.replicates(replicates)}
        return training.train(task, rates, groups, Way(engine), memory_mb, Checkpoint(next(folders), "key"))["own"]

    return run


@pytest.fixture
def train_compiled(train):
    def run(task: Task, replicates: int = 2, rates=RATES, memory_mb: int = MEMORY_MB) -> dict[float, np.ndarray]:
        results = train(task, rates, replicates, memory_mb=memory_mb)
        return {result.learning_rate: result.history for result in results}

    return run


@pytest.fixture
def make_task(dataset):
    def make(model=DENSE, optimizer="Adam", batch_size=50, epochs=3, loss=LOSS, data=dataset):
        return Task(data, model, optimizer, loss, [Stage(batch_size, epochs)], seed=0)

    return make


def assert_same_history(history: np.ndarray, expected: np.ndarray, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(history[..., 0::2], expected[..., 0::2], rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(history[..., 1::2], expected[..., 1::2])


def fit(task: Task, replicate: int, learning_rate: float) -> np.ndarray:
    draw = task.replicates(replicate + 1)[-1]
    [history] = FitEngine(task).train([draw], learning_rate, lambda _: None).history
    return history


@pytest.mark.parametrize("engine", ["compiled", "fit"])
def test_a_schedule_trains_its_stages_one_after_the_other_and_counts_their_updates(make_task, engine, train):
    """Written out with Keras: the optimizer goes on from stage to stage, the order is the replicate's own."""
    task = dataclasses.replace(make_task(), stages=[Stage(100, 3), Stage(450, 2)])
    [result] = train(task, [0.003], 2, engine)
    model = task.build_replicate(1)
    model.compile(task.build_optimizer(0.003), task.loss_function)
    losses = []
    for epoch, order in enumerate(task.batch_orders(Draw(1, 1, None))):
        x, y = task.dataset.x_train[order], task.dataset.y_train[order]
        losses += model.fit(x, y, 100 if epoch < 3 else 450, verbose=0, shuffle=False).history["loss"]
    np.testing.assert_allclose(result.history[1, :, 0], losses, rtol=1e-9)
    assert result.updates.tolist() == [5, 10, 15, 17, 19]


# How long, and how often it is measured: within epochs, after several of them, with a short last batch or none.
MEASURED = {
    "within": (Stage(100, 13 / 5), {"epochs": 0.3}),
    "short last batch": (Stage(450, 5 / 2), {"updates": 1}),
    "several epochs": (Stage(250, 17 / 2), {"updates": 5}),
    "full": (Stage(500, 7), {"updates": 3}),
}


@pytest.mark.parametrize(("measured", "streamed"), [*((each, False) for each in MEASURED), ("short last batch", True)])
def test_what_is_measured_within_and_across_epochs_is_as_in_fit(make_task, train, measured, streamed, monkeypatch):
    if streamed:
        monkeypatch.setattr("batchscope.training.engines._SHARE_OF_DATA", 0)
    stage, every = MEASURED[measured]
    task = dataclasses.replace(make_task(), stages=[stage], evaluate_every=every)
    [result] = train(task, [0.003], 2)
    assert ("streamed" in result.engine) == streamed
    for replicate in range(2):
        assert_same_history(result.history[replicate], fit(task, replicate, 0.003))
    ends = itertools.accumulate(span.updates for span in task.spans)
    assert result.updates.tolist() == [*ends]


def test_measuring_changes_nothing_of_what_is_trained(make_task, train_compiled):
    seldom = dataclasses.replace(make_task(batch_size=100, epochs=4), evaluate_every={"epochs": 2})
    often = dataclasses.replace(seldom, evaluate_every={"updates": 1})
    [rarely], [always] = (train_compiled(task, rates=[0.003]).values() for task in (seldom, often))
    assert_same_history(rarely[:, :, 2:], always[:, [9, 19], 2:])
    # Of training rows it is the mean over all batches since the last measurement.
    np.testing.assert_allclose(rarely[:, :, 0], always[..., 0].reshape(2, 2, 10).mean(axis=2), rtol=1e-9)


def test_a_training_goes_on_within_an_epoch(make_task):
    task = dataclasses.replace(make_task(batch_size=100, epochs=4), evaluate_every={"updates": 3})
    engine, said = compiled.CompiledEngine(task, 2, stacked=True), []
    draws = task.replicates(2)
    whole = engine.train(draws, 0.003, lambda so_far: said.append((so_far, engine.state())))
    assert [so_far.measurements for so_far, _ in said] == [3, 5, 7]  # two epochs at a time, as a span has rows of both
    for so_far, state in said[:-1]:
        again = compiled.CompiledEngine(task, 2, stacked=True).train(draws, 0.003, lambda _: None, so_far, state)
        np.testing.assert_array_equal(again.history, whole.history)


@pytest.mark.parametrize("schedule", [None, {"ExponentialDecay": {"decay_steps": 4, "decay_rate": 0.5}}])
@pytest.mark.parametrize("engine", ["compiled", "fit"])
def test_a_rate_warms_up_over_a_share_of_the_updates(make_task, engine, train, schedule):
    """Against Keras, with the rate of each update written out."""
    task = make_task(optimizer="SGD", batch_size=100, epochs=4)
    task = dataclasses.replace(task, warmup=0.4, learning_rate_schedule=schedule)
    [result] = train(task, [0.1], 2, engine)
    model = task.build_replicate(1)
    model.compile(keras.optimizers.SGD(0.1), task.loss_function)
    losses, update = [], 0
    for order in task.batch_orders(Draw(1, 1, None)):
        for rows in np.split(order, 5):
            decayed = 0.1 * (0.5 ** (update / 4) if schedule else 1)
            model.optimizer.learning_rate = decayed * min(1, (update + 1) / 8)
            model.train_on_batch(task.dataset.x_train[rows], task.dataset.y_train[rows])
            update += 1
        losses.append(model.evaluate(task.dataset.x_test, task.dataset.y_test, verbose=0))
    np.testing.assert_allclose(result.history[1, :, 2], losses, rtol=1e-6)  # Keras holds rates in float32


def test_a_rate_that_goes_with_the_batch_size_of_every_stage_trains_as_in_fit(make_task, train_compiled):
    task = dataclasses.replace(make_task(optimizer=OPTIMIZERS["SGD"]), stages=[Stage(50, 2), Stage(200, 2)])
    scaled = dataclasses.replace(task, scaling="linear")
    histories, without = train_compiled(scaled), train_compiled(task)
    for replicate, rate in enumerate(RATES):
        assert_same_history(histories[rate][replicate], fit(scaled, replicate, rate))
        assert (histories[rate][:, 2:, 2] != without[rate][:, 2:, 2]).all()


def test_a_second_moment_of_as_many_rows_trains_as_in_fit(make_task, train_compiled):
    """At half the batch size that its beta_2 is meant for, against Keras with the root of it."""
    task = dataclasses.replace(make_task(optimizer={"Adam": {"beta_2": 0.9}}), beta_2_at=100)
    histories = train_compiled(task)
    for replicate, rate in enumerate(RATES):
        assert_same_history(histories[rate][replicate], fit(task, replicate, rate))
    written_out = dataclasses.replace(task, optimizer={"Adam": {"beta_2": 0.9**0.5}}, beta_2_at=None)
    np.testing.assert_array_equal(train_compiled(written_out)[RATES[0]], histories[RATES[0]])


def test_trainings_that_branch_have_the_same_point_to_branch_at(make_task, train_compiled):
    """Schedules that begin alike are bit for bit the same until their batch size changes, and not from there on."""
    task = dataclasses.replace(make_task(optimizer="SGD", batch_size=50, epochs=4), scaling="sqrt")
    branches = [dataclasses.replace(task, stages=[Stage(50, 2), Stage(times * 50, 2)]) for times in (2, 4)]
    alone, *branched = (train_compiled(each, rates=[0.003])[0.003] for each in (task, *branches))
    for history in branched:
        np.testing.assert_array_equal(history[:, :2], alone[:, :2])
        assert (history[:, 2:, 2] != alone[:, 2:, 2]).all()


@pytest.mark.parametrize("engine", ["compiled", "fit"])
def test_updates_are_those_that_the_optimizer_made(make_task, engine, train):
    task = make_task(optimizer={"Adam": {"gradient_accumulation_steps": 4}}, batch_size=100, epochs=4)
    [result] = train(task, [0.003], 1, engine)
    assert result.updates.tolist() == [1, 2, 3, 5]  # of 5, 10, 15 and 20 batches, every fourth


def test_every_replicate_splits_the_rows_anew_where_they_are_resampled(make_task, train_compiled):
    task = dataclasses.replace(make_task(), resampled=True)
    splits = [task.split(replicate) for replicate in (0, 1)]
    for train_rows, test_rows in splits:
        assert (len(train_rows), len(test_rows)) == (500, 300)
        assert sorted([*train_rows, *test_rows]) == list(range(800))
    assert set(splits[0][0]) != set(splits[1][0])
    assert set(next(task.batch_orders(Draw(1, 1, 1)))) == set(splits[1][0])
    histories = train_compiled(task)
    for replicate in (0, 1):
        assert_same_history(histories[RATES[0]][replicate], fit(task, replicate, RATES[0]))


@pytest.fixture(params=["none", "StandardScaler"])
def split_anew(make_task, first_500, request) -> Task:
    """A task with five new splits, on whose training rows something is fitted, or nothing."""
    split, scaler = first_500 | {"test": 200}, request.param
    splits = draw_splits(SIXTEEN_FEATURES, split, scaler, regression=False, seed=0, replicates=5)
    return dataclasses.replace(make_task(data=make_dataset(SIXTEEN_FEATURES, split, scaler)), splits=splits)


def train_groups(task: Task, groups: dict, folder, engine="compiled") -> dict[str, list[training.Result]]:
    return training.train(task, RATES, groups, Way(engine), MEMORY_MB, Checkpoint(folder, "key"))


def test_new_splits_train_as_in_fit(split_anew, tmp_path):
    """Three stacks of two, the last one with one replicate."""
    groups = {"own": split_anew.replicates(2), "new": split_anew.on_new_splits()}
    results = train_groups(split_anew, groups, tmp_path)
    for name, draws in groups.items():
        assert [result.history.shape for result in results[name]] == [(len(draws), 3, 4)] * len(RATES)
        for number, draw in enumerate(draws):  # each at one of the rates
            rate, result = list(zip(RATES, results[name]))[number % len(RATES)]
            [expected] = FitEngine(split_anew).train([draw], rate, lambda _: None).history
            assert_same_history(result.history[number], expected)
    assert results["new"][0].history[4, -1, 2] == pytest.approx(loss_on_split_4(split_anew, RATES[0]), rel=1e-9)


def loss_on_split_4(task: Task, learning_rate: float) -> float:
    """The test loss after a training on it that is written out with Keras."""
    parts = task.dataset.parts
    x, y = (np.concatenate(values)[task.splits.rows[4]] for values in zip(*parts))
    x = x if task.splits.x is None else task.splits.x[4]
    model = task.build_replicate(4)
    model.compile(task.build_optimizer(learning_rate), task.loss_function)
    generator = np.random.default_rng([task.seed, 4, 1])
    for _ in range(task.epochs):
        order = generator.permutation(500)
        model.fit(x[order], y[order], 50, verbose=0, shuffle=False)
    return model.evaluate(x[500:], y[500:], verbose=0)


def test_weights_order_and_split_are_drawn_one_by_one(split_anew, tmp_path):
    draws = [Draw(*numbers) for numbers in ((0, 0, None), (1, 0, None), (0, 1, None), (0, 0, 1))]
    [result, _] = train_groups(split_anew, {"own": draws}, tmp_path)["own"]
    for history, draw in zip(result.history, draws):
        [expected] = FitEngine(split_anew).train([draw], RATES[0], lambda _: None).history
        assert_same_history(history, expected)
    first, *others = (np.stack(list(split_anew.batch_orders(draw))) for draw in draws)
    assert [np.array_equal(first, other) for other in others] == [True, False, False]
    weights = [split_anew.build_replicate(draw.weights).get_weights()[0] for draw in draws]
    assert [np.array_equal(weights[0], other) for other in weights[1:]] == [False, True, True]


def test_the_own_split_has_the_same_bytes_with_new_ones_and_without(split_anew, tmp_path):
    own = {"own": split_anew.replicates(3)}
    alone = train_groups(dataclasses.replace(split_anew, splits=None), own, tmp_path / "alone")["own"]
    beside = train_groups(split_anew, own | {"new": split_anew.on_new_splits()}, tmp_path / "beside")["own"]
    for one, other in zip(alone, beside):
        assert one.history.tobytes() == other.history.tobytes()
        assert [values.tobytes() for values in one.rows["test"][:3]] == [
            values.tobytes() for values in other.rows["test"][:3]
        ]


def test_new_splits_start_from_the_weights_that_are_there(split_anew, tmp_path, monkeypatch):
    drawn, draw = [], Task.initial_weights

    def draw_and_count(task, weights):
        drawn.append(weights)
        return draw(task, weights)

    monkeypatch.setattr(Task, "initial_weights", draw_and_count)
    monkeypatch.setattr(training, "_WIDEST", 2)
    train_groups(split_anew, {"own": split_anew.replicates(4), "new": split_anew.on_new_splits()}, tmp_path)
    assert drawn == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("width", [1, 2])
def test_outputs_are_those_of_the_replicates_trained_last_each_on_rows_of_its_own(make_task, width):
    task = make_task()
    rows = [np.arange(300), np.arange(500, 800)][-width:]
    draws = task.replicates(2)[-width:]
    yardstick = FitEngine(task)
    yardstick.train(draws[-1:], RATES[1], lambda _: None)
    expected = yardstick._model.predict(task.dataset.x_test, verbose=0)
    engine = compiled.CompiledEngine(task, width, stacked=width > 1)
    for rate in RATES:
        engine.train(draws, rate, lambda _: None)
    outputs = engine.outputs(rows)
    assert outputs.shape == (width, 300, 3)
    np.testing.assert_allclose(outputs[-1], expected, rtol=1e-9)
    np.testing.assert_allclose(yardstick.outputs(rows[-1:])[-1], expected, rtol=1e-9)


def pytest_generate_tests(metafunc) -> None:
    """Every pair of a model, an optimizer and a batch size, and a loss of each kind.

    With --thorough all models with all optimizers at all batch sizes, and all losses.
    """
    thorough = metafunc.config.getoption("thorough")
    if metafunc.function is test_compiled_and_fit_agree:
        batch_sizes = [1, 4, 32, 450, 500]
        cases = list(itertools.product(MODELS, OPTIMIZERS, batch_sizes))
        if not thorough:
            numbers = itertools.product(range(len(MODELS)), range(len(OPTIMIZERS)), range(len(batch_sizes)))
            cases = [case for case, ids in zip(cases, numbers) if sum(ids) % len(MODELS) == 0]
        metafunc.parametrize(("model", "optimizer", "batch_size"), cases)
    elif metafunc.function is test_a_loss_of_classes_trains_as_in_fit:
        kinds = ["BinaryCrossentropy", "CategoricalHinge", "CategoricalGeneralizedCrossEntropy"]
        smoothed = {"CategoricalCrossentropy": {"label_smoothing": 0.1}}
        metafunc.parametrize("loss", [smoothed, *(losses.OF_CLASSES if thorough else kinds)], ids=str)
    elif metafunc.function is test_a_loss_of_numbers_trains_as_in_fit_and_has_no_accuracy:
        metafunc.parametrize("loss", losses.OF_NUMBERS if thorough else ["MeanSquaredError", "Huber"])


def test_compiled_and_fit_agree(make_task, caplog, model, optimizer, batch_size, train_compiled):
    task = make_task(MODELS[model], OPTIMIZERS[optimizer], batch_size, epochs=2 if batch_size == 1 else 3)
    with caplog.at_level(logging.INFO):
        histories = train_compiled(task)
    assert STACKED in caplog.messages
    # Replicate 0 at the first learning rate and replicate 1 at another one, each with `Model.fit`.
    for replicate, rate in enumerate(RATES):
        assert_same_history(histories[rate][replicate], fit(task, replicate, rate))


def test_fit_is_model_fit_on_the_rows_in_their_order(make_task, dataset):
    task = make_task(batch_size=450)
    model = task.build_replicate(0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(task.build_optimizer(0.01), loss, metrics=["sparse_categorical_accuracy"])
    rows = []
    for order in task.batch_orders(Draw(0, 0, None)):
        x, y = dataset.x_train[order], dataset.y_train[order]
        log = model.fit(x, y, 450, verbose=0, shuffle=False, validation_data=(dataset.x_test, dataset.y_test)).history
        rows.append([values[0] for values in log.values()])
    loss_and_accuracy = np.array(rows)[:, [list(log).index(name) for name in sorted(log, key=_as_in_history)]]
    np.testing.assert_allclose(fit(task, 0, 0.01), loss_and_accuracy, rtol=1e-12)


def _as_in_history(name: str) -> tuple[bool, bool]:
    return name.startswith("val_"), "accuracy" in name


@pytest.mark.parametrize(
    ("optimizer", "way"),
    [
        *((name, STACKED) for name in compiled._ELEMENT_WISE),
        ({"Adam": {"amsgrad": True, "weight_decay": 0.01, "clipvalue": 0.1}}, STACKED),
        ({"SGD": {"momentum": 0.9, "nesterov": True, "use_ema": True}}, STACKED),
        ({"Adam": {"gradient_accumulation_steps": 3}}, STACKED),
        ({"Adam": {"loss_scale_factor": 8.0}}, STACKED),
        *((name, ALONE) for name in compiled._PER_TENSOR),
        ({"Adam": {"clipnorm": 0.1}}, ALONE),
        ({"SGD": {"global_clipnorm": 0.1}}, ALONE),
        ("ScheduleFreeAdamW", "training with Model.fit: ScheduleFreeAdamW is not known to train alike when compiled"),
    ],
    ids=str,
)
def test_every_optimizer_trains_as_in_fit(make_task, caplog, optimizer, way, train_compiled):
    task = make_task(optimizer=optimizer)
    with caplog.at_level(logging.INFO):
        histories = train_compiled(task)
    assert way in caplog.messages
    assert_same_history(histories[RATES[1]][1], fit(task, 1, RATES[1]))


def test_a_result_says_what_trained_it_and_why_nothing_faster_did(make_task, train):
    [result] = train(make_task(optimizer={"Adam": {"clipnorm": 0.1}}), RATES[:1], 1)
    reason = "the replicates are not stacked: clipping by norm mixes the values of a tensor"
    assert result.engine == f"{reason}; compiled to train one replicate at a time"
    [result] = train(make_task(), RATES[:1], 1, "fit")
    assert result.engine == "training with Model.fit: nothing faster can train this model"


def test_every_optimizer_of_keras_is_known():
    names = {name for name in dir(keras.optimizers) if name[0].isupper()}
    not_for_a_config = {"LossScaleOptimizer", "MultiOptimizer", "Optimizer", "OptimizerMap"}
    assert names - not_for_a_config == {*compiled._ELEMENT_WISE, *compiled._PER_TENSOR, "ScheduleFreeAdamW"}


PIECEWISE = {"PiecewiseConstantDecay": {"boundaries": [10, 20], "values": [1, 0.3, 0.1]}}
IMAGE, SERIES = {"Reshape": {"target_shape": [4, 4, 1]}}, {"Reshape": {"target_shape": [4, 4]}}
CONSTRAINED = {"Dense": {"units": 5, "kernel_constraint": "max_norm"}}
PENALIZED = {"Dense": {"units": 5, "kernel_regularizer": "l2", "activity_regularizer": "l1"}}


@pytest.mark.parametrize(
    ("model", "way"),
    [
        ([], STACKED),
        ([PENALIZED], STACKED),
        ([{"Dense": {"units": 40, "activation": "tanh"}}, {"Dense": {"units": 30}}], STACKED),
        ([CONSTRAINED], ALONE),
        ([{"Dense": {"units": 5, "trainable": False}}], STACKED),
        (["LayerNormalization", {"Dense": {"units": 5, "activation": "gelu"}}], STACKED),
        ([SERIES, {"Conv1D": {"filters": 2, "kernel_size": 3}}, "GlobalMaxPooling1D"], STACKED),
        ([IMAGE, {"SeparableConv2D": {"filters": 2, "kernel_size": 2}}, "MaxPooling2D", "Flatten"], STACKED),
        ([SERIES, {"LSTM": {"units": 3, "unroll": True}}], STACKED),
        ([SERIES, {"GRU": {"units": 3}}], ALONE),
    ],
    ids=str,
)
def test_layers_train_as_in_fit(make_task, caplog, model, way, train_compiled):
    task = make_task(model, OPTIMIZERS["SGD"])
    with caplog.at_level(logging.INFO):
        histories = train_compiled(task)
    assert way in caplog.messages
    assert_same_history(histories[RATES[1]][1], fit(task, 1, RATES[1]))


def test_embeddings_train_as_in_fit(make_task, dataset, train_compiled):
    """Their gradients are sparse, and optimizers treat the parts of a sparse gradient one by one."""
    words = dataset._replace(x_train=np.abs(dataset.x_train * 4).round(), x_test=np.abs(dataset.x_test * 4).round())
    model = [{"Embedding": {"input_dim": 64, "output_dim": 4}}, "Flatten"]
    for optimizer in OPTIMIZERS.values():
        task = make_task(model, optimizer, data=words)
        assert_same_history(train_compiled(task)[RATES[1]][1], fit(task, 1, RATES[1]))


def test_a_loss_of_classes_trains_as_in_fit(make_task, loss, train_compiled):
    task = make_task(loss=loss)
    assert_same_history(train_compiled(task)[RATES[1]][1], fit(task, 1, RATES[1]))


def test_a_loss_of_numbers_trains_as_in_fit_and_has_no_accuracy(make_task, dataset, loss, train_compiled):
    y_train, y_test = (x[:, 0] + np.sin(x[:, 1]) for x in (dataset.x_train, dataset.x_test))
    task = make_task(loss=loss, data=dataset._replace(y_train=y_train, y_test=y_test))
    history = train_compiled(task)[RATES[1]][1]
    assert_same_history(history, fit(task, 1, RATES[1]))
    assert np.isfinite(history[:, 0::2]).all()
    assert np.isnan(history[:, 1::2]).all()
    assert history[-1, 2] < history[0, 2]


@pytest.mark.parametrize("resampled", [False, True])
def test_validation_rows_are_evaluated_as_in_keras(make_task, first_500, resampled, train_compiled):
    data = make_dataset(SIXTEEN_FEATURES, first_500 | {"validation": 120})
    task = dataclasses.replace(make_task(data=data), resampled=resampled)
    history = train_compiled(task)[RATES[1]][1]
    assert history.shape == (3, 6)
    assert_same_history(history, fit(task, 1, RATES[1]))
    yardstick = FitEngine(task)
    draw = task.replicates(2)[1]
    yardstick.train([draw], RATES[1], lambda _: None)
    rows = task.split(draw.split)[2]
    loss, accuracy = yardstick._model.evaluate(task.x[rows], task.y[rows], verbose=0)
    np.testing.assert_allclose(history[-1, 4:], [loss, accuracy], rtol=1e-9)


@pytest.mark.parametrize("schedule", [{"CosineDecay": {"decay_epochs": 2}}, PIECEWISE], ids=str)
def test_schedules_of_the_learning_rate_train_as_in_fit(make_task, schedule, train_compiled):
    task = dataclasses.replace(make_task(optimizer=OPTIMIZERS["SGD"]), learning_rate_schedule=schedule)
    histories = train_compiled(task)
    for replicate, rate in enumerate(RATES):
        assert_same_history(histories[rate][replicate], fit(task, replicate, rate))


@pytest.mark.parametrize(
    ("function", "way"),
    [
        ("branches", STACKED),
        ("own_layer", STACKED),
        ("subclass", STACKED),
        ("own_train_step", "training with Model.fit: the model has a train_step of its own"),
    ],
)
def test_models_from_a_file_train_as_in_fit(make_task, caplog, function, way, train_compiled):
    task = make_task(
        {"file": "tests/unit/training/models.py", "function": function, "arguments": {}}, OPTIMIZERS["SGD"]
    )
    with caplog.at_level(logging.INFO):
        histories = train_compiled(task)
    assert way in caplog.messages
    assert_same_history(histories[RATES[1]][1], fit(task, 1, RATES[1]))


def test_dropout_draws_anew_for_each_replicate_and_update(make_task, monkeypatch, train_compiled):
    task = make_task([*DENSE, {"Dropout": {"rate": 0.5}}], epochs=6)
    monkeypatch.setattr(Task, "batch_orders", lambda task, _: iter([np.arange(500, dtype=np.int32)] * task.epochs))
    monkeypatch.setattr(Task, "initial_weights", _weights_of_replicate_0_with_own_dropout)
    history = train_compiled(task, rates=[1e-12])[1e-12]  # as good as untrained: losses differ by the draws alone
    losses = history[:, :, 0].ravel()
    assert len(np.unique(losses.round(6))) == losses.size
    assert np.ptp(history[:, :, 2]) < 1e-6  # none is dropped on test rows


def _weights_of_replicate_0_with_own_dropout(task, weights):
    first, own = task.build_replicate(0), task.build_replicate(weights)
    return [variable.numpy() for variable in first.trainable_variables + own.non_trainable_variables]


def test_groups_of_any_width_give_the_same_histories(make_task, train_compiled):
    task = make_task(DENSE, OPTIMIZERS["SGD"])
    whole = train_compiled(task, replicates=5)
    for width in (1, 2, 4):
        engine = compiled.CompiledEngine(task, width, stacked=True)
        for first in range(0, 5, width):
            for rate in RATES:
                trained = engine.train(task.replicates(5)[first : first + width], rate, lambda _: None)
                assert_same_history(trained.history, whole[rate][first : first + width])


def test_memory_that_is_stated_decides_the_width_of_the_stack(make_task, caplog, train_compiled):
    task = make_task(DENSE)
    one = compiled.stack_width(task, 7, memory=0)
    assert (one, compiled.stack_width(task, 7, memory=2**40)) == (1, 7)
    with caplog.at_level(logging.INFO):
        histories = train_compiled(task, replicates=3, memory_mb=0)
    assert "compiled to train 1 replicates at a time" in caplog.messages
    assert histories[RATES[0]].shape == (3, 3, 4)


def test_out_of_memory_halves_the_stack(make_task, caplog, monkeypatch, train_compiled):
    build = compiled.CompiledEngine.__init__

    def build_if_small(engine, task, width, stacked):
        if width > 2:
            raise tf.errors.ResourceExhaustedError(None, None, "out of memory")
        build(engine, task, width, stacked)

    monkeypatch.setattr(compiled.CompiledEngine, "__init__", build_if_small)
    histories = train_compiled(make_task(), replicates=5)
    assert "trying again with 3 replicates at a time" in caplog.text
    assert "trying again with 2 replicates at a time" in caplog.text
    assert np.isfinite(histories[RATES[0]]).all()


def test_a_replicate_that_diverges_is_marked_and_the_others_go_on(make_task, caplog, train_compiled):
    class Poisoned(Task):
        def initial_weights(self, weights):
            first, *others = super().initial_weights(weights)
            return [np.full_like(first, np.nan) if weights == 1 else first, *others]

    task = make_task()
    poisoned = Poisoned(**{field.name: getattr(task, field.name) for field in dataclasses.fields(task)})
    with caplog.at_level(logging.INFO):
        sound, history = (train_compiled(each, replicates=3)[RATES[0]] for each in (task, poisoned))
    assert np.isnan(history[1]).all()
    accuracy = history[[0, 2], -1, 3].mean()
    assert any(f"epoch 3 of 3, test accuracy {accuracy:.3f}, 1 diverged; " in message for message in caplog.messages)
    assert_same_history(history[[0, 2]], sound[[0, 2]])


def test_from_the_first_loss_that_is_not_finite_on_all_is_nan():
    history = np.ones((2, 4, 4))
    history[1, 1, 2] = np.inf
    marked = training._mark_diverged(history)
    assert np.isfinite(marked[0]).all()
    assert np.isfinite(marked[1, 0]).all()
    assert np.isnan(marked[1, 1:]).all()


def test_replicates_start_alike_at_every_batch_size_and_differ_from_each_other(make_task):
    small, large = make_task(batch_size=4), make_task(batch_size=450)
    weights = [task.build_replicate(replicate).get_weights()[0] for task in (small, large) for replicate in (0, 1)]
    orders = [np.stack(list(task.batch_orders(draw))) for task in (small, large) for draw in task.replicates(2)]
    for values in (weights, orders):
        np.testing.assert_array_equal(values[0], values[2])
        assert not np.array_equal(values[0], values[1])
    assert not np.array_equal(orders[0][0], orders[0][1])  # a new order every epoch
    np.testing.assert_array_equal(np.sort(orders[0], axis=1), np.tile(np.arange(500), (3, 1)))


def test_training_again_gives_the_same_bytes(make_task, train_compiled):
    one, two = (train_compiled(make_task(epochs=12))[RATES[0]] for _ in range(2))
    assert one.tobytes() == two.tobytes()
