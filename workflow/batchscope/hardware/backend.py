"""Keras on TensorFlow, imported the same way everywhere: `from batchscope.hardware.backend import keras, tf`.

Keras imports scikit-learn and matplotlib wherever they are installed, for wrappers and plots that are not used here.
Hiding them while it is imported saves a training process about 2 s, 40 % of its start.
"""

import os
import sys
from contextlib import nullcontext

from batchscope.hardware.devices import cpu_name
from batchscope.streams import silence

_UNUSED_BY_TRAINING = ("matplotlib", "pandas", "sklearn")
_hidden = [name for name in _UNUSED_BY_TRAINING if name not in sys.modules]
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # warnings and errors, not what it is about to do
sys.modules.update(dict.fromkeys(_hidden))  # None in sys.modules makes an import fail as if not installed
try:
    with silence():  # until TensorFlow is imported it heeds no level
        import keras
        import tensorflow as tf
finally:
    for _name in _hidden:
        del sys.modules[_name]

# A result follows from the study's config alone, not from a keras.json in the user's home.
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)
keras.config.set_image_data_format("channels_last")


def use_hardware(threads: int) -> str:
    """Let TensorFlow use `threads` CPU threads, and of each visible GPU only the memory that it needs.

    To be called before anything is computed. On a GPU, operations whose order of summation varies from run to run are
    replaced by deterministic ones. Returns the name of what will be computed on: the GPUs, else the CPU.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    with silence() if os.environ.get("CUDA_VISIBLE_DEVICES") == "-1" else nullcontext():  # it looks, and finds none
        gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if gpus:
        tf.config.experimental.enable_op_determinism()
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    return ", ".join(names) or cpu_name()


SOFTWARE = f"tensorflow {tf.__version__}, keras {keras.__version__}"

__all__ = ["SOFTWARE", "keras", "tf", "use_hardware"]
