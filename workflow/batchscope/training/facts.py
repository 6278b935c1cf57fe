"""What can be known of a study only by asking scikit-learn and Keras, or by looking into its files.

Do they take it, how much has it to do, and which runs are there.
"""

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from batchscope.data.new_splits import each_split
from batchscope.data.prepare import make_dataset
from batchscope.errors import ConfigError
from batchscope.model.losses import is_regression
from batchscope.results.run_files import read_rows
from batchscope.results.run_history import columns_in
from batchscope.results.runs import Run, find_runs
from batchscope.study.needs import Size
from batchscope.study.study import splits_drawn


def find_facts(study: dict, memory: float | None = None) -> dict:
    """The training rows of a study, the multiplications of an epoch, the way to train it, and its size.

    Of histories that are there, the runs that they have.

    Raises:
        ConfigError: scikit-learn or Keras refuses some part of the study, or its weights take more than so many bytes
            of `memory`, which is known before they are made; or no runs are found.
    """
    if "histories" in study:
        return {"runs": _readable_runs(study["histories"], study["score"])}
    regression = is_regression(study["loss"])
    data = study["dataset"], study["split"], study.get("scaler"), regression
    dataset = make_dataset(*data)
    if count := splits_drawn(study):
        for _ in each_split(*data, study["seed"], count):
            pass  # one that cannot be trained on is refused
    # Imported late, so that a mistake in the dataset is told without waiting for TensorFlow.
    from batchscope.hardware.backend import keras
    from batchscope.model.models import build_loss, build_optimizer, multiplications_per_epoch, values_per_row
    from batchscope.model.schedules import Schedule
    from batchscope.model.second_moment import scale_beta_2
    from batchscope.training.agreement import find_way
    from batchscope.training.engines import FIT, STACKED, Way
    from batchscope.training.gradients import check_single_gradients
    from batchscope.training.kept_model import check_savable
    from batchscope.training.looks import check_looks
    from batchscope.training.task import make_task
    from batchscope.training.weights import check_weights

    shape = dataset.x_train.shape[1:]
    if memory is not None and isinstance(study["model"], list):
        check_weights(study["model"], shape, dataset.outputs, memory)
    keys = ("model", "optimizer", "loss", "seed", "dtype_policy", "dense_gradients")
    task = make_task(dataset, stages=[], class_weight=study.get("class_weight"), **{key: study[key] for key in keys})
    model, again = task.build_replicate(0), task.build_replicate(0)
    if {id(weight) for weight in model.trainable_variables} & {id(weight) for weight in again.trainable_variables}:
        raise ConfigError("model.function", "its models share weights; make all trained layers inside the function")
    check_looks(study["explorer"], task, model)
    if schedule := study.get("learning_rate_schedule"):
        Schedule(schedule, updates=math.ceil)
    if study["keep"]["models"] != "none":
        with TemporaryDirectory() as folder:
            check_savable(model, Path(folder) / "model.keras")
    build_optimizer(study["optimizer"], learning_rate=0.01)
    if at := study.get("beta_2_at"):
        scale_beta_2(study["optimizer"], at, batch_size=1)  # the smallest, where it is nearest to 1
    build_loss(study["loss"], dataset.outputs)
    asked = Way(FIT, "as the config asks") if study["engine"] == "fit" else Way(STACKED)
    way, outputs = find_way(task, asked)
    if "noise_scale" in study:
        check_single_gradients(task)
    if outputs.dtype != keras.config.floatx():
        raise ConfigError("model", f"it puts out {outputs.dtype}, too coarse for a loss; end it with dtype='float32'")
    if dataset.outputs > 1 and (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1):
        raise ConfigError(
            "model", "it puts out probabilities, and the loss takes logits; end the model without softmax or sigmoid"
        )
    train_rows, *others = rows = [len(y) for _, y in dataset.parts]
    size = Size(rows, math.prod(shape), dataset.outputs, model.count_params(), values_per_row(model, shape))
    return {
        "train_rows": train_rows,
        "multiplications": multiplications_per_epoch(model, shape, train_rows, sum(others)),
        "way": way,
        "size": size._asdict(),
    }


def _readable_runs(histories: dict, score: str) -> list[Run]:
    """The runs that are there; whether each is a history is seen where all are read."""
    runs = find_runs(histories)
    try:
        columns_in(read_rows(runs[0].path), histories["columns"], score)
    except ValueError as error:
        raise ConfigError("histories.columns", f"{runs[0].path!r}: {error}") from None
    return runs
