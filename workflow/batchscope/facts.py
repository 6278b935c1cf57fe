"""What can be known of a study only by asking scikit-learn and Keras: do they take it, and how much has it to do."""

import math

import numpy as np

from batchscope.errors import ConfigError, reason
from batchscope.losses import is_regression
from batchscope.new_splits import each_split
from batchscope.prepare import make_dataset
from batchscope.study import splits_drawn


def find_facts(study: dict) -> dict[str, int]:
    """The training rows and the multiplications of an epoch, after one update of the model on two rows.

    Raises:
        ConfigError: scikit-learn or Keras refuses some part of the study.
    """
    regression = is_regression(study["loss"])
    data = study["dataset"], study["split"], study.get("scaler"), regression
    dataset = make_dataset(*data)
    if count := splits_drawn(study):
        for _ in each_split(*data, study["seed"], count):
            pass  # one that cannot be trained on is refused
    # Imported late, so that a mistake in the dataset is told without waiting for TensorFlow.
    from batchscope.backend import keras
    from batchscope.models import build_loss, build_model, build_optimizer, multiplications_per_epoch
    from batchscope.schedules import Schedule

    keras.config.set_dtype_policy(study["dtype_policy"])
    outputs = dataset.outputs
    model = build_model(study["model"], dataset.x_train.shape[1:], outputs)
    again = build_model(study["model"], dataset.x_train.shape[1:], outputs)
    if {id(weight) for weight in model.trainable_variables} & {id(weight) for weight in again.trainable_variables}:
        raise ConfigError("model.function", "its models share weights; make all trained layers inside the function")
    if schedule := study.get("learning_rate_schedule"):
        Schedule(schedule, updates=math.ceil)
    optimizer = build_optimizer(study["optimizer"], learning_rate=0.01)
    model.compile(optimizer=optimizer, loss=build_loss(study["loss"], outputs), run_eagerly=True)
    try:
        model.train_on_batch(dataset.x_train[:2], dataset.y_train[:2])
    except Exception as error:  # whatever Keras says of the combination is for the user
        raise ConfigError("model", f"an update fails with this dataset, optimizer and loss: {reason(error)}") from None
    predicted = model.predict_on_batch(dataset.x_train[:2])
    if predicted.dtype != keras.config.floatx():
        raise ConfigError("model", f"it puts out {predicted.dtype}, too coarse for a loss; end it with dtype='float32'")
    if outputs > 1 and (predicted >= 0).all() and np.allclose(predicted.sum(axis=1), 1):
        raise ConfigError(
            "model", "it puts out probabilities, and the loss takes logits; end the model without softmax or sigmoid"
        )
    train_rows, *others = [len(y) for _, y in dataset.parts]
    return {
        "train_rows": train_rows,
        "multiplications": multiplications_per_epoch(model, train_rows, sum(others)),
    }
