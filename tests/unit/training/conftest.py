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


@pytest.fixture
def forget_models():
    """Keras keeps none of the models that a test makes."""
    yield
    from batchscope.hardware.backend import keras

    keras.utils.clear_session()


@pytest.fixture(scope="session")
def three_classes(first_500):
    """A dataset of six features and three classes."""
    from batchscope.data.prepare import make_dataset

    arguments = {"n_samples": 800, "n_features": 6, "n_informative": 4, "n_classes": 3, "random_state": 2}
    return make_dataset({"make_classification": arguments}, first_500)
