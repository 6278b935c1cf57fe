"""A training that is stopped and started again gives the bytes that it would have given in one go."""

import dataclasses
import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from batchscope.data.dataset import Splits
from batchscope.study.scores import METRICS
from batchscope.training import checkpoint, compiled
from batchscope.training import train as training
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.looks import make_looks
from batchscope.training.task import NOTHING, Stage, Task, Trained

RATES = [0.01, 0.001]
STATEFUL = [{"Dense": {"units": 8}}, "BatchNormalization", {"Dropout": {"rate": 0.3}}]  # more than weights to keep
LOSS = "SparseCategoricalCrossentropy"


class StoppedError(Exception):
    """What stops a training."""


class Stopping(Checkpoint):
    """Keeps what is done after every piece, and stops the training after the `saves`-th."""

    def __init__(self, folder, key, saves):
        super().__init__(folder, key)
        self._left = saves

    def due(self) -> bool:
        return True

    def save(self, *arguments):
        super().save(*arguments)
        self._left -= 1
        if self._left == 0:
            raise StoppedError


pytestmark = pytest.mark.usefixtures("forget_models")


@pytest.fixture(scope="module")
def make_task(three_classes):
    def make(**changes):
        return Task(three_classes, STATEFUL, "Adam", LOSS, [Stage(100, 4), Stage(500, 3)], seed=0, **changes)

    return make


def train(task, replicates, engine, memory_mb, checkpoint) -> list[training.Result]:
    groups = {"own": task.replicates(replicates)} | ({"new": task.on_new_splits()} if task.splits else {})
    looks, _ = make_looks(["boundary", "confusion"] if task.metrics else [], task)
    results = training.train(task, RATES, groups, Way(engine), memory_mb, checkpoint, looks={"own": looks})
    return [result for of_group in results.values() for result in of_group]


def bytes_of(results: list[training.Result]) -> list[bytes]:
    arrays = [
        (
            result.history,
            result.metrics,
            result.updates,
            result.boundary,
            result.confusion,
            *scores[:3],
            *scores.metrics.values(),
        )
        for result in results
        for scores in result.rows.values()
    ]
    return [array.tobytes() for of_result in arrays for array in of_result]


@pytest.mark.parametrize("metrics", [(), METRICS])
@pytest.mark.parametrize("engine", ["compiled", "fit"])
def test_a_training_that_was_stopped_goes_on_to_the_same_bytes(
    make_task, tmp_path, caplog, monkeypatch, engine, metrics
):
    monkeypatch.setattr(training, "_WIDEST", 2)  # two stacks, the second with one replicate
    monkeypatch.setattr(compiled, "PIECES", 3)  # pieces of three epochs
    caplog.set_level("INFO")
    task = make_task(resampled=True, metrics=metrics)
    whole = train(task, 3, engine, 3000, Checkpoint(tmp_path / "whole", "key"))
    for saves in (1, 10):  # in the first stack, and then in a later one
        with pytest.raises(StoppedError):
            train(task, 3, engine, 3000, Stopping(tmp_path / "stopped", "key", saves))
    resumed = train(task, 3, engine, 3000, Checkpoint(tmp_path / "stopped", "key"))
    assert caplog.text.count("resumed from a checkpoint") >= 3
    assert bytes_of(resumed) == bytes_of(whole)
    moments = 8 if metrics else 0  # before training, and after each of seven epochs
    assert {(len(result.boundary), len(result.confusion)) for result in whole} == {(moments, moments)}
    # The timing has every epoch of every replicate once.
    assert [sum(size * epochs for size, epochs, _ in result.stretches) for result in resumed] == [3 * 7] * 2


def test_layers_that_draw_without_a_seed_generator_go_on_with_their_draws(make_task, tmp_path):
    """Their draws are Keras's own, which no variable of the model remembers."""
    noise = {"file": "tests/unit/training/odd_models.py", "function": "unseeded_noise", "arguments": {}}
    task = dataclasses.replace(make_task(), model=noise)
    whole = train(task, 2, "fit", 3000, Checkpoint(tmp_path / "whole", "key"))
    with pytest.raises(StoppedError):
        train(task, 2, "fit", 3000, Stopping(tmp_path / "stopped", "key", 2))
    assert bytes_of(train(task, 2, "fit", 3000, Checkpoint(tmp_path / "stopped", "key"))) == bytes_of(whole)


def test_new_splits_that_were_stopped_go_on_to_the_same_bytes(make_task, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(training, "_WIDEST", 2)
    caplog.set_level("INFO")
    task = make_task(splits=Splits(np.stack([np.random.default_rng(k).permutation(800) for k in range(3)])))
    whole = train(task, 3, "compiled", 3000, Checkpoint(tmp_path / "whole", "key"))
    with pytest.raises(StoppedError):  # in the first of the stacks on new splits
        train(task, 3, "compiled", 3000, Stopping(tmp_path / "stopped", "key", 25))
    resumed = train(task, 3, "compiled", 3000, Checkpoint(tmp_path / "stopped", "key"))
    assert "resumed from a checkpoint: epoch 7 of the stack own_2_0_0.001" in caplog.messages
    assert any(
        message.startswith("resumed from a checkpoint: epoch 1 of the stack new_2_0_") for message in caplog.messages
    )
    assert bytes_of(resumed) == bytes_of(whole)


def test_a_training_that_is_done_is_not_trained_again(make_task, tmp_path, monkeypatch):
    done = train(make_task(), 2, "compiled", 3000, Checkpoint(tmp_path, "key"))
    monkeypatch.setattr(compiled.CompiledEngine, "_run", None)
    again = train(make_task(), 2, "compiled", 3000, Checkpoint(tmp_path, "key"))
    assert bytes_of(again) == bytes_of(done)


def test_ensembles_that_were_stopped_go_on_to_the_same_values(make_task, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_WIDEST", 2)
    task = make_task()
    task = Task(**vars(task) | {"dataset": task.dataset._replace(x_validation=task.dataset.x_test[:50],
                                                                 y_validation=task.dataset.y_test[:50])})  # fmt: skip
    whole = training.train_ensembles(task, 0.01, 2, 2, Way("compiled"), 3000, Checkpoint(tmp_path / "whole", "key"))
    with pytest.raises(StoppedError):
        training.train_ensembles(task, 0.01, 2, 2, Way("compiled"), 3000, Stopping(tmp_path / "stopped", "key", 9))
    resumed = training.train_ensembles(task, 0.01, 2, 2, Way("compiled"), 3000, Checkpoint(tmp_path / "stopped", "key"))
    assert resumed == whole


@pytest.fixture
def trained() -> Trained:
    return NOTHING.then(np.ones((2, 3, 4)), np.arange(3), epochs=3, seconds=1.5)


def test_a_checkpoint_gives_back_what_it_was_given(trained, tmp_path):
    state = [np.float32([1, 2]), np.int64(7), np.zeros((2, 0))]
    Checkpoint(tmp_path, "key").save((2, 0, 0.01), trained, state)
    kept, kept_state = Checkpoint(tmp_path, "key").load((2, 0, 0.01))
    for ours, theirs in zip([*trained, *state], [*kept, *kept_state], strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=True)
    assert Checkpoint(tmp_path, "key").load((2, 0, 0.02)) == (NOTHING, [])


def test_a_checkpoint_of_another_training_is_removed(trained, tmp_path):
    Checkpoint(tmp_path, "key").save((2, 0, 0.01), trained, [])
    assert Checkpoint(tmp_path, "other").load((2, 0, 0.01)) == (NOTHING, [])
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


@pytest.fixture
def written(trained, tmp_path) -> tuple[Checkpoint, Path]:
    """A checkpoint of a stack, and its file."""
    kept = Checkpoint(tmp_path, "key")
    kept.save((2, 0, 0.01), trained, [np.float32([1, 2])])
    [path] = (tmp_path / "key").iterdir()
    return kept, path


@pytest.mark.parametrize("part", [0, 1, 31, 32, 33, 100, -1])
def test_a_shortened_checkpoint_is_left_out(written, part, caplog):
    kept, path = written
    path.write_bytes(path.read_bytes()[:part])
    assert kept.load((2, 0, 0.01)) == (NOTHING, [])
    assert len(caplog.messages) == 1
    assert "is left out, and its stack trained again: it is not what was written there" in caplog.text


def test_no_flipped_bit_of_a_checkpoint_is_read(written, caplog, request):
    caplog.set_level("CRITICAL")
    kept, path = written
    content = path.read_bytes()
    flips = 10_000 if request.config.getoption("--thorough") else 1_000
    for bit in np.random.default_rng(0).choice(8 * len(content), flips, replace=False):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        assert kept.load((2, 0, 0.01)) == (NOTHING, [])


def test_a_checkpoint_of_another_stack_or_training_is_left_out(written, tmp_path):
    kept, path = written
    path.rename(path.with_name("2_0_0.02.checkpoint"))
    assert kept.load((2, 0, 0.02)) == (NOTHING, [])
    (tmp_path / "another" / "other").mkdir(parents=True)
    shutil.copy(path.with_name("2_0_0.02.checkpoint"), tmp_path / "another" / "other" / "2_0_0.01.checkpoint")
    assert Checkpoint(tmp_path / "another", "other").load((2, 0, 0.01)) == (NOTHING, [])


def test_what_is_no_checkpoint_is_in_nobodys_way(written, tmp_path):
    _, path = written
    (tmp_path / "stray").write_text("stray")
    path.unlink()
    path.mkdir()
    assert Checkpoint(tmp_path, "key").load((2, 0, 0.01)) == (NOTHING, [])
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


def test_a_checkpoint_that_has_no_room_costs_no_training(make_task, tmp_path, caplog):
    def train_in(folder, limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited))
        try:
            return bytes_of(train(make_task(), 1, "compiled", 3000, Checkpoint(folder, "key")))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, unlimited))

    _, unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    whole = train_in(tmp_path / "whole", unlimited)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    assert train_in(tmp_path / "full", 100) == whole
    assert "cannot be written, and the training goes on without: [Errno 27] File too large" in caplog.text
    assert list((tmp_path / "full" / "key").iterdir()) == []


def test_checkpoints_are_rare_enough_not_to_cost_much(trained, tmp_path, monkeypatch):
    now = 0.0
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now)
    kept = Checkpoint(tmp_path, "key")
    now = 4.9
    assert not kept.due()
    now = 5.0
    assert kept.due()
    kept._took = 2.0
    now = 39.9
    assert not kept.due()
    now = 40.0
    assert kept.due()
