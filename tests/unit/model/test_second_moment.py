"""The half-life of a second moment is the same number of rows at every batch size."""

import math

import pytest

from batchscope.errors import ConfigError
from batchscope.model.models import build_optimizer
from batchscope.model.second_moment import scale_beta_2


@pytest.mark.parametrize(("spec", "beta_2"), [("Adam", 0.999), ({"AdamW": {"beta_2": 0.95, "beta_1": 0.8}}, 0.95)])
def test_its_half_life_in_rows_stays(spec, beta_2):
    rows = 512 * math.log(0.5) / math.log(beta_2)
    for batch_size in (1, 32, 512, 1024):
        optimizer = build_optimizer(scale_beta_2(spec, 512, batch_size), learning_rate=0.1)
        assert batch_size * math.log(0.5) / math.log(optimizer.beta_2) == pytest.approx(rows)
        assert optimizer.beta_1 == (0.8 if isinstance(spec, dict) else 0.9)


@pytest.mark.parametrize("name", ["SGD", "RMSprop"])
def test_an_optimizer_that_has_none_is_refused(name):
    with pytest.raises(ConfigError, match=f"beta_2_at: {name} has no beta_2; leave it out, or take Adam"):
        scale_beta_2(name, 512, 32)


@pytest.mark.parametrize("beta_2", [-0.5, 1.0, "a"])
def test_a_second_moment_without_a_half_life_is_refused(beta_2):
    with pytest.raises(ConfigError, match=f"optimizer.Adam.beta_2: {beta_2!r} has no half-life; take a number from 0"):
        scale_beta_2({"Adam": {"beta_2": beta_2}}, 512, 32)


def test_that_of_a_first_moment_is_refused():
    with pytest.raises(ConfigError, match="beta_2_at: the beta_2 of Lion is of a first moment; leave it out"):
        scale_beta_2("Lion", 512, 32)


def test_one_that_is_rounded_to_1_is_refused():
    """Adam multiplies its steps by the root of 1 minus a power of it."""
    scale_beta_2("Adam", 8192, 1)
    with pytest.raises(ConfigError, match="beta_2_at: with 1000000 beta_2 is rounded to 1 at a batch size of 1, and"):
        scale_beta_2("Adam", 1_000_000, 1)
