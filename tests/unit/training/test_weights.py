import pytest

from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.training.weights import check_weights
from tests.unit.training.test_facts import facts

LARGE = 1e10  # bytes


@pytest.mark.parametrize(
    ("layers", "place"),
    [
        ([{"Dense": {"units": 10**12}}], "model[0]"),
        ([{"Dense": {"units": 4}}, {"Dense": {"units": 10**12}}], "model[1]"),
        ([{"RepeatVector": {"n": 10**9}}, "GlobalMaxPooling1D"], "model"),
        ([{"Reshape": {"target_shape": [2, 1]}}, {"LSTM": {"units": 10**6}}], "model[1]"),
    ],
)
def test_layers_that_are_too_large_are_refused_before_any_is_made(layers, place):
    with pytest.raises(ConfigError) as raised:
        check_weights(layers, (2,), 3, LARGE)
    assert str(raised.value).startswith(f"{place}: the study needs about ")


def test_a_mistake_in_layers_is_told_as_ever():
    with pytest.raises(ConfigError, match=r"model\[0\].Dense: no argument 'unit'; did you mean 'units'"):
        check_weights([{"Dense": {"unit": 4}}], (2,), 3, LARGE)


def test_nothing_of_what_was_counted_is_made_later():
    check_weights([{"Dense": {"units": 10**12}}], (2,), 3, memory=1e30)
    with keras.StatelessScope():
        pass  # at its end Keras makes what is left to be made


def test_the_size_of_a_study_is_among_its_facts():
    assert facts()["size"] == {
        "rows": [50, 50],
        "features": 2,
        "outputs": 3,
        "parameters": 2 * 4 + 4 + 4 * 3 + 3,
        "values_per_row": 4 + 3,
    }
