"""How large layers are, known before any is made."""

from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.model.models import build_model, values_per_row
from batchscope.study.limits import beyond
from batchscope.study.needs import memory_of_layers


def check_weights(layers: list[dict | str], shape: tuple[int, ...], outputs: int, memory: float) -> None:
    """Refuse hidden layers whose weights, or what they put out, take more than so many bytes of memory.

    Raises:
        ConfigError: they do, or `build_model` refuses them.
    """
    with keras.StatelessScope(initialize_variables=False):  # in which weights have shapes and no values
        model = build_model(layers, shape, outputs)
    needs = memory_of_layers([layer.count_params() for layer in model.layers], values_per_row(model, shape))
    keras.backend.clear_session()  # or the next model made would give values to these weights too
    for line in beyond(needs, "memory", memory):
        raise ConfigError("", line)
