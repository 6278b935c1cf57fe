import pytest


@pytest.fixture
def float64():
    """Keras computes in double precision, where rounding does not grow."""
    from batchscope.hardware.backend import keras

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.utils.clear_session()
