"""Mixed precision: the compiled engine and `Model.fit` compute in the same one, and the weights keep theirs."""

from pathlib import Path

import numpy as np
import pytest

from batchscope.data.prepare import make_dataset
from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.training import train as training
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.facts import find_facts
from batchscope.training.task import make_task

DENSE = [{"Dense": {"units": 20, "activation": "relu"}}, {"Dense": {"units": 10, "activation": "relu"}}]
A_ROUNDING_PER_LAYER = 2 * 2**-8  # relative, to the 8 bits of a bfloat16
TEN_ROWS = 0.02
MODELS = Path(__file__).with_name("models.py")


@pytest.fixture(autouse=True)
def _full_precision_again():
    yield
    keras.config.set_dtype_policy("float32")
    keras.utils.clear_session()


@pytest.fixture
def train(blobs_spec, first_500, tmp_path):
    def run(dtype_policy: str, engine: str, epochs: int) -> np.ndarray:
        task = make_task(
            make_dataset(blobs_spec, first_500),
            [(50, epochs)],
            dtype_policy=dtype_policy,
            model=DENSE,
            optimizer="Adam",
            loss="SparseCategoricalCrossentropy",
            seed=0,
        )
        checkpoint = Checkpoint(tmp_path / dtype_policy / engine, "key")
        [result] = training.train(task, [0.01], {"own": task.replicates(2)}, Way(engine), 3000, checkpoint)["own"]
        return result.history

    return run


def test_bfloat16_trains_as_in_fit_but_for_its_rounding(train, caplog):
    """Both round what the hidden layers put out, but not at the same places of the program."""
    caplog.set_level("INFO")
    compiled, fit = (train("mixed_bfloat16", engine, epochs=3) for engine in ("compiled", "fit"))
    assert "compiled to train 2 replicates at a time" in caplog.messages
    full = train("float32", "compiled", epochs=3)
    np.testing.assert_allclose(compiled[..., 0::2], fit[..., 0::2], rtol=A_ROUNDING_PER_LAYER)
    np.testing.assert_allclose(compiled[..., 1::2], fit[..., 1::2], atol=TEN_ROWS)
    assert (compiled != full)[..., 0::2].all()


def test_float16_is_left_to_fit_and_learns(train, caplog):
    caplog.set_level("INFO")
    history = train("mixed_float16", "compiled", epochs=3)
    assert "training with Model.fit: a loss scale that adapts itself would be shared by the replicates" in caplog.text
    assert (history[:, -1, 0] < history[:, 0, 0]).all()


def test_a_model_that_puts_out_half_precision_is_told_what_to_change(blobs_spec, first_500):
    study = {
        "dataset": blobs_spec,
        "split": first_500,
        "model": {"file": str(MODELS), "function": "branches", "arguments": {}},
        "optimizer": "SGD",
        "loss": "SparseCategoricalCrossentropy",
        "dtype_policy": "mixed_bfloat16",
        "dense_gradients": False,
        "engine": "compiled",
        "seed": 0,
        "keep": {"models": "none"},
        "explorer": {"boundary": False, "confusion": False},
    }
    with pytest.raises(
        ConfigError, match="model: it puts out bfloat16, too coarse for a loss; end it with dtype='float32'"
    ):
        find_facts(study)
