"""Every layer of Keras that can stand between numbers and a Dense layer: which way of training is found for it.

With --thorough all are tried, which takes some minutes; else one of each kind.
"""

import inspect
import math

import pytest

from batchscope.data.prepare import make_dataset
from batchscope.hardware.backend import keras
from batchscope.training.agreement import find_way
from batchscope.training.engines import Way
from batchscope.training.task import Stage, Task

# Arguments that layers cannot do without, or whose defaults are too large for four rows of four.
ARGUMENTS = {
    **{"units": 4, "filters": 2, "kernel_size": 2, "pool_size": 2, "rate": 0.3, "stddev": 0.2, "factor": 0.2, "n": 2},
    **{"num_heads": 2, "key_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1, "head_dim": 2, "groups": 1},
    **{"input_dim": 20, "output_dim": 3, "num_tokens": 20, "num_bins": 4, "bin_boundaries": [0.0, 1.0], "size": 2},
    **{"height": 3, "width": 3, "cropping": 1, "padding": 1, "target_height": 3, "target_width": 3, "ratio": 0.5},
    **{"scale": 2.0, "output_size": 2, "crop_to_aspect_ratio": False, "value_range": (-4.0, 4.0), "max_length": 4},
    **{"sequence_length": 4, "height_factor": 0.2, "width_factor": 0.2, "bias_axes": "d"},
}
OF_ONE = {  # for single layers
    "Activation": {"activation": "tanh"},
    "AugMix": {"value_range": (-1.0, 1.0), "num_chains": 1},
    "RandomPosterization": {"factor": 3, "value_range": (-1.0, 1.0)},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 4},
    "Reshape": {"target_shape": [8, 2]},
    "Permute": {"dims": [1]},
    "UnitNormalization": {},
    "GroupNormalization": {"groups": 2},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "CategoryEncoding": {"num_tokens": 20, "output_mode": "multi_hot"},
    "ReversibleEmbedding": {"input_dim": 20, "output_dim": 3},
    **{f"ZeroPadding{rank}D": {"padding": 1} for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": {"filters": 2, "kernel_size": 2} for rank in (1, 2, 3)},
}
OF_TWO = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
WRAPPERS = ("Bidirectional", "SpectralNormalization", "TimeDistributed", "Wrapper")
NOT_TRIED = {
    **dict.fromkeys(("Layer", "InputLayer", "InputSpec", "Wrapper"), "no layer of its own"),
    **dict.fromkeys(
        ("Lambda", "JaxLayer", "FlaxLayer", "TorchModuleWrapper", "TFSMLayer"), "wraps code of another kind"
    ),
    **dict.fromkeys(("RNN", "StackedRNNCells", "GRUCell", "LSTMCell", "SimpleRNNCell"), "made of cells or one itself"),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), "takes series of images"),
    **dict.fromkeys(
        ("HashedCrossing", "StringLookup", "IntegerLookup", "Hashing", "TextVectorization"), "takes no floats"
    ),
    **dict.fromkeys(("MelSpectrogram", "STFTSpectrogram"), "takes sound of thousands of samples"),
    **dict.fromkeys(("MaxNumBoundingBoxes", "Pipeline"), "takes more than an array"),
    "RandomCrop": "puts out another shape than it says, where a batch is small",
    "Equalization": "cannot stand behind another layer of a functional model",
}
VECTOR, SERIES, IMAGES, VOLUMES = (16,), (4, 4), (4, 4, 3), (4, 4, 4, 1)
OF_IMAGES = (
    "Random",
    "Rand",
    "AugMix",
    "AutoContrast",
    "Center",
    "Contrast",
    "CutMix",
    "Equal",
    "MixUp",
    "Resizing",
    "Solar",
)
OF_SERIES = ("Bidirectional", "GRU", "LSTM", "SimpleRNN", "TimeDistributed", "Attention", "AdditiveAttention")
OF_SERIES += ("MultiHeadAttention", "GroupedQueryAttention", "ReversibleEmbedding", "Embedding")
STACKED, ALONE, FIT = "compiled", "compiled alone", "fit"
# Those that no stack trains; all others are.
SLOWER = {
    **dict.fromkeys(("GRU", "LSTM", "SimpleRNN", "Bidirectional"), ALONE),  # loops
    "SpectralNormalization": FIT,  # it changes the weight that it wraps
    # XLA has none of their operations on a CPU.
    **dict.fromkeys(("AugMix", "CategoryEncoding", "CutMix", "MixUp", "RandAugment", "RandomElasticTransform"), FIT),
    **dict.fromkeys(("RandomPerspective", "RandomRotation", "RandomShear", "RandomTranslation", "RandomZoom"), FIT),
    # They differ from `Model.fit`, compiled by XLA too.
    **dict.fromkeys(("RandomColorDegeneration", "RandomGrayscale", "RandomHue", "RandomPosterization"), FIT),
    **dict.fromkeys(("RandomSaturation", "RandomSharpness"), FIT),
}
A_FEW = ("Dense", "Dropout", "LSTM", "MultiHeadAttention", "Add", "SpectralNormalization")
CLASSES = {
    member.__name__: member
    for _, member in inspect.getmembers(keras.layers, inspect.isclass)
    if issubclass(member, keras.Layer) and member.__name__ not in NOT_TRIED
}


def make_layer(name: str) -> keras.Layer:
    if name in WRAPPERS:
        inner = keras.layers.LSTM(3) if name == "Bidirectional" else keras.layers.Dense(3)
        return CLASSES[name](inner)
    if name in OF_ONE:
        return CLASSES[name](**OF_ONE[name])
    taken = inspect.signature(CLASSES[name].__init__).parameters
    needed = {
        parameter: ARGUMENTS[parameter]
        for parameter, default in taken.items()
        if parameter in ARGUMENTS and (default.default is default.empty or parameter in ("units", "value_range"))
    }
    return CLASSES[name](**needed | ({"axes": -1} if name == "Dot" else {}))


def shape_for(name: str) -> tuple[int, ...]:
    if name.startswith(OF_IMAGES) or "2D" in name:
        return IMAGES
    if "3D" in name:
        return VOLUMES
    return SERIES if name in OF_SERIES or "1D" in name else VECTOR


def build(input_shape, outputs, name):
    """The layer on what is made of the features, in a shape that suits it."""
    features, shape = keras.Input(input_shape), shape_for(name)
    hidden = keras.layers.Reshape(shape)(keras.layers.Dense(math.prod(shape), activation="tanh")(features))
    layer = make_layer(name)
    if name in OF_TWO:
        out = layer([hidden, keras.layers.Dense(shape[-1])(hidden)])
    elif name in ("MultiHeadAttention", "GroupedQueryAttention"):
        out = layer(hidden, hidden)
    elif name in ("Attention", "AdditiveAttention"):
        out = layer([hidden, hidden])
    else:
        out = layer(hidden)
    # A layer that puts out whole numbers, or none that a gradient goes through, stands beside the features.
    flat = keras.layers.Flatten()(keras.ops.cast(keras.tree.flatten(out)[0], keras.config.floatx()))
    both = keras.layers.Concatenate()([flat, keras.layers.Flatten()(hidden)])
    return keras.Model(features, keras.layers.Dense(outputs)(both))


def pytest_generate_tests(metafunc) -> None:
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", CLASSES if metafunc.config.getoption("thorough") else A_FEW)


pytestmark = pytest.mark.usefixtures("forget_models")


def test_a_layer_is_trained_in_the_fastest_way_that_is_right(name):
    spec = {"make_classification": {"n_samples": 90, "n_features": 16, "random_state": 2}}
    data = make_dataset(spec, {"train": 50, "order": "as_given", "seed": 0})
    model = {"file": __file__, "function": "build", "arguments": {"name": name}}
    task = Task(data, model, {"SGD": {"momentum": 0.9}}, "SparseCategoricalCrossentropy", [Stage(10, 2)], seed=0)
    way, _ = find_way(task, Way(STACKED))
    print(name, *way)
    assert way.name == SLOWER.get(name, STACKED), way.why
