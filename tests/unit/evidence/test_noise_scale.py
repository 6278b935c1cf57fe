"""The gradient noise scale, of regressions whose covariance and mean gradient are known in closed form."""

import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.noise_scale import (
    ALL,
    LOST_IN_NOISE,
    MOMENT,
    TO_RESULT,
    find_noise_scale,
    read_tables,
    with_estimates,
)
from batchscope.files import write_csv
from tests.unit.simulated_gradients import draw, linear, measured, of_rows

WITHOUT_END = math.inf  # training rows


def of_linear(features: int = 5) -> tuple[float, float]:
    """tr(Sigma) and |G|^2 of all such rows: E r^2 |x|^2 = (d + 2) |w|^2 + d, by the fourth moments of a normal x."""
    squared = features * 0.3**2
    return 4 * ((features + 2) * squared + features) - 4 * squared, 4 * squared


def softmax(random: np.random.Generator) -> np.ndarray:
    """Gradients of the cross-entropy of 60 rows of 4 features and 3 classes at given weights, (60, 12)."""
    x, y, weights = random.normal(size=(60, 4)), random.integers(3, size=60), random.normal(size=(4, 3))
    scores = np.exp(x @ weights)
    errors = scores / scores.sum(axis=1, keepdims=True) - np.eye(3)[y]
    return np.einsum("ni,nj->nij", x, errors).reshape(60, 12)


def assert_unbiased(estimates: pd.DataFrame, truth: tuple[float, float]) -> None:
    """The mean is as near to the truth as its standard error, times four, has it."""
    for column, number in zip(("trace", "gradient_squared"), truth):
        values = estimates[column]
        assert abs(values.mean() - number) < 4 * values.std() / math.sqrt(len(values)) + 1e-9, column


@pytest.mark.parametrize("rows", [2, 16, 100])
def test_of_rows_without_end_it_is_unbiased(rows):
    random = np.random.default_rng(rows)
    gradients = np.stack([linear(rows, random) for _ in range(4000)])
    assert_unbiased(with_estimates(measured(gradients, WITHOUT_END)), of_linear())


@pytest.mark.parametrize("rows", [15, 30, 59])
@pytest.mark.parametrize("make", [softmax, lambda random: linear(60, random)], ids=["softmax", "linear"])
def test_of_few_rows_it_is_unbiased_as_they_are_drawn_without_replacement(make, rows):
    random = np.random.default_rng(rows)
    gradients = make(random)
    samples = draw(gradients, rows, 4000, random)
    truth = trace, squared = of_rows(gradients)
    assert_unbiased(with_estimates(measured(samples, len(gradients))), truth)
    uncorrected = with_estimates(measured(samples, WITHOUT_END))  # as the estimators of the paper have it
    assert_unbiased(uncorrected, (trace, squared - trace / len(gradients)))
    with pytest.raises(AssertionError, match="gradient_squared"):
        assert_unbiased(uncorrected, truth)


def test_of_all_rows_it_is_what_they_have():
    gradients = softmax(np.random.default_rng(0))
    estimates = with_estimates(measured(gradients[None], len(gradients)))
    np.testing.assert_allclose(estimates[["trace", "gradient_squared"]].to_numpy()[0], of_rows(gradients), rtol=1e-9)


def test_it_is_that_of_batches_of_one_and_of_all_rows():
    """McCandlish et al. 2018, appendix A.1, with the batches that the rows make."""
    gradients = linear(40, np.random.default_rng(0))
    small, big = (gradients**2).sum(axis=1).mean(), (gradients.mean(axis=0) ** 2).sum()
    [found] = with_estimates(measured(gradients[None], WITHOUT_END)).itertuples()
    assert found.gradient_squared == pytest.approx((40 * big - small) / 39)
    assert found.trace == pytest.approx((small - big) / (1 - 1 / 40))


@pytest.mark.parametrize(
    ("make", "rows"), [(softmax, 15), (lambda random: linear(60, random), 30)], ids=["softmax", "linear"]
)
def test_intervals_cover(make, rows):
    """Of 120 studies 95 %, by four standard errors of that; `benchmarks/coverage.py` tries more."""
    random = np.random.default_rng(rows)
    gradients = make(random)
    trace, squared = of_rows(gradients)
    covered = 0
    for study in range(120):
        table, _ = find_noise_scale(measured(draw(gradients, rows, 12, random), len(gradients)), seed=study)
        [low, high] = table.loc[0, ["low", "high"]]
        covered += low < trace / squared < high
    assert covered >= 104


def moments(trace: list[float], squared: list[float], replicates: int = 8, spread: float = 0.05) -> pd.DataFrame:
    """Gradients whose estimates are these at each moment, but for a spread among the replicates."""
    rows = []
    for replicate in range(replicates):
        for moment, (noise, signal) in enumerate(zip(trace, squared), 1):
            luck = 1 + spread * math.cos(replicate + moment)
            square = signal * luck + (1 / 16 - 1 / 64) * noise
            known = {"replicate": replicate, "epoch": moment, "updates": 4 * moment, "test_loss": 1 / moment}
            rows.append(known | {"mean_square": noise * 15 / 16 + square, "square_of_mean": square})
    setting = {
        "batch_size": 16,
        "learning_rate": 0.1,
        "schedule": "constant",
        "layer": "",
        "rows": 16,
        "train_rows": 64,
    }
    return pd.DataFrame(rows).assign(**setting)


def test_numerator_and_denominator_are_averaged_before_they_are_divided():
    table, summary = find_noise_scale(moments([10, 10], [1, 0.01], spread=0), seed=0)
    assert table["noise_scale"].tolist() == pytest.approx([10, 1000, 20 / 1.01])
    assert table["over"].tolist() == [MOMENT, MOMENT, ALL]
    assert summary.set_index("quantity")["estimate"].to_dict() == pytest.approx(
        {"noise_scale": 20 / 1.01, "noise_scale_growth": 100}
    )


def test_it_is_over_the_moments_before_each_replicate_is_at_the_result():
    """The loss is 1, 1/2, 1/3: at 0.4 two moments are before the result."""
    scaling = scaling_of(40, 20, 80)
    table, summary = find_noise_scale(moments([10, 20, 30], [1, 1, 1]), 0, "loss", 0.4, scaling)
    row = table[table["over"] == TO_RESULT].iloc[0]
    assert (row["moments"], row["trace"]) == (2, pytest.approx(15))
    noise, _, of_critical = summary.itertuples(index=False)
    assert noise.estimate == row["noise_scale"]
    assert of_critical.estimate == pytest.approx(noise.estimate / 40)
    # The critical batch size is the less certain by far, so its interval is nearly all there is.
    assert of_critical.low < noise.estimate / 80 < of_critical.low * 1.05
    assert of_critical.high / 1.05 < noise.estimate / 20 < of_critical.high


def scaling_of(estimate: float, low: float, high: float, refused: str = "") -> pd.DataFrame:
    ends = {"low": low, "high": high, "low_90": low, "high_90": high}
    return pd.DataFrame([{"quantity": "critical_batch_size", "estimate": estimate, **ends, "refused": refused}])


def test_without_a_critical_batch_size_there_is_no_ratio_to_it():
    scaling = scaling_of(math.nan, math.nan, math.nan, "it may lie above 64")
    *_, row = find_noise_scale(moments([10, 20], [1, 1]), 0, "loss", 0.4, scaling)[1].itertuples()
    assert math.isnan(row.estimate)
    assert row.refused == "it may lie above 64"


def test_a_gradient_that_is_lost_in_noise_gives_a_lower_bound_alone():
    table, summary = find_noise_scale(moments([10, 10], [1, 0.02], spread=2), seed=0)
    _, second, _ = table.itertuples()
    assert second.refused == LOST_IN_NOISE
    assert math.isnan(second.noise_scale)
    assert 0 < second.low < 500
    assert second.high == math.inf
    growth = summary.set_index("quantity").loc["noise_scale_growth"]
    assert (growth["refused"], math.isnan(growth["estimate"])) == (LOST_IN_NOISE, True)


def test_few_replicates_and_few_moments_are_told():
    few = find_noise_scale(moments([10, 10], [1, 1], replicates=5), seed=0)[1]
    assert {*few["refused"]} == {"fewer than 6 replicates"}
    never = find_noise_scale(moments([10], [1]), 0, "loss", 2.0, scaling_of(40, 20, 80))
    assert never[1].loc[0, "refused"].startswith("every replicate diverges, or is at the result")
    assert never[1].loc[1, "refused"] == "it is measured at one moment alone: do it more often"


def test_moments_within_an_update_are_several():
    """As they are where the gradients of several batches are accumulated to one."""
    table, summary = find_noise_scale(moments([10, 20, 30], [1, 1, 1]).assign(updates=[4, 4, 8] * 8), seed=0)
    assert table["moments"].tolist() == [1, 1, 1, 3]
    assert summary["points"].tolist() == [3, 3]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_replicates_that_diverge_are_left_out(value):
    gradients = moments([10, 10, 10, 10], [1, 1, 1, 1])
    lost = (gradients["replicate"] == 7) & (gradients["updates"] > 8)
    gradients.loc[lost, ["mean_square", "square_of_mean", "test_loss"]] = value
    gradients.loc[lost.shift(-1, fill_value=False), ["mean_square", "square_of_mean"]] = 1e25, 6e24  # on its way there
    table, summary = find_noise_scale(gradients, seed=0)
    assert {*table["replicates"], *summary["replicates"]} == {7}
    assert not summary["refused"].any()
    assert summary["estimate"].tolist() == pytest.approx([10, 1], rel=0.1)
    gradients[["mean_square", "square_of_mean"]] = math.nan
    table, summary = find_noise_scale(gradients, seed=0)
    assert table.empty
    assert summary["estimate"].isna().all()


def test_tables_are_read_as_they_were_written(tmp_path):
    tables = find_noise_scale(moments([10, 20, 30], [1, 1, -1]), 0, "loss", 0.4, scaling_of(40, 20, 80))
    paths = tmp_path / "noise.csv", tmp_path / "summary.csv"
    for table, path in zip(tables, paths):
        write_csv(table, path)
    for table, read in zip(tables, read_tables(*paths)):
        pd.testing.assert_frame_equal(table, read, check_dtype=False)
