"""The weights that a model of hidden layers starts from, drawn by the initializers of its layers alone.

Making the model takes three times as long, most of it for variables that are only read.
"""

import numpy as np

from batchscope.hardware.backend import keras
from batchscope.model.models import make_layers


def draw_weights(spec: list[dict | str], model: keras.Sequential) -> list[np.ndarray]:
    """What a further model of these hidden layers would start from: what is trained, and then what else it has.

    Args:
        model: one that was made of them, whose layers say what they take.

    Raises:
        Exception: a layer is not made by its `build`, or needs more than the shape of what it takes.
    """
    try:
        with keras.StatelessScope(initialize_variables=False):  # in which variables have initializers and no values
            layers = make_layers(spec, model.output_shape[-1])
            for layer, made in zip(layers, model.layers, strict=True):
                layer.build(made.input.shape)
    finally:  # or Keras would give values to these variables with those of the next model
        keras.src.backend.common.global_state.set_global_attribute("uninitialized_variables", [])
    variables = [
        *(variable for layer in layers for variable in layer.trainable_variables),
        *(variable for layer in layers for variable in layer.non_trainable_variables),
    ]
    return [np.asarray(variable._initializer(variable.shape, dtype=variable.dtype)) for variable in variables]
