"""The statistics of trainings that share nothing, on simulated studies of which the truth is known."""

import inspect
import math

import numpy as np
import pytest
from scipy import stats

from batchscope.evidence import paired, unpaired
from batchscope.evidence.crossed import estimate_mean
from batchscope.evidence.studentised import FEWEST, LEVEL
from tests.unit.simulated import normal, samples, with_bad_ones

STUDIES = 200


def error(share: float, studies: int = STUDIES) -> float:
    """Two standard errors of a share that so many simulated studies are to have."""
    return 2 * math.sqrt(share * (1 - share) / studies)


def table(*samples: np.ndarray) -> np.ndarray:
    """Values (settings, trainings, 1) of samples of any size."""
    values = np.full((len(samples), max(map(len, samples)), 1), math.nan)
    for of_setting, sample in zip(values, samples):
        of_setting[: len(sample), 0] = sample
    return values


def test_the_functions_are_those_of_pairs():
    def offered(module) -> dict:
        functions = inspect.getmembers(module, inspect.isfunction)
        of_this = [
            *getattr(module, "__all__", ()),
            *(name for name, each in functions if each.__module__ == module.__name__),
        ]
        return {name: [*inspect.signature(getattr(module, name)).parameters] for name in of_this if name[0] != "_"}

    assert offered(unpaired) == offered(paired)


def test_of_few_trainings_the_difference_is_welchs():
    random = np.random.default_rng(0)
    one, other = random.normal(size=5), random.normal(1, 3, size=12)
    estimate = unpaired.difference(*table(one, other), seed=0)
    welch = stats.ttest_ind(one, other, equal_var=False)
    assert (estimate.estimate, estimate.values) == (pytest.approx(one.mean() - other.mean()), 5)
    assert estimate.p_value == pytest.approx(welch.pvalue)
    assert (estimate.low, estimate.high) == pytest.approx((*welch.confidence_interval(0.95),))
    assert (estimate.low_90, estimate.high_90) == pytest.approx((*welch.confidence_interval(0.9),))


def test_of_more_it_is_never_surer_than_welchs():
    random = np.random.default_rng(0)
    as_sure = []
    for _ in range(50):
        one, other = random.exponential(size=6), random.exponential(size=9)
        estimate = unpaired.difference(*table(one, other), seed=0)
        welch = stats.ttest_ind(one, other, equal_var=False)
        low, high = welch.confidence_interval(0.95)
        assert estimate.low <= low + 1e-12
        assert estimate.high >= high - 1e-12
        assert estimate.p_value >= welch.pvalue - 1e-12
        assert (estimate.low > 0 or estimate.high < 0) == (estimate.p_value <= LEVEL)
        as_sure.append(estimate.high == pytest.approx(high) and estimate.low == pytest.approx(low))
    assert not all(as_sure)


def test_a_null_moves_the_p_value_and_nothing_else():
    one, other = np.random.default_rng(0).normal(size=(2, 8))
    plain, shifted = (unpaired.difference(*table(one, other), seed=0, null=null) for null in (0, 0.5))
    assert plain[:5] == shifted[:5]
    assert shifted.p_value == pytest.approx(unpaired.difference(*table(one - 0.5, other), seed=0).p_value)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([], [1.0, 2], (math.nan, math.nan, 0)),
        ([3.0], [1.0, 2], (1.5, math.nan, 1)),
        ([2.0] * 7, [1.5] * 9, (0.5, 0.5, 7)),
    ],
)
def test_without_spread_there_is_no_interval_or_one_of_no_width(one, other, expected):
    estimate = unpaired.difference(*table(np.array(one), np.array(other)), seed=0)
    assert (estimate.estimate, estimate.low, estimate.values) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("draw", [normal, with_bad_ones])
@pytest.mark.parametrize(
    ("sizes", "spreads", "least"),
    [
        ((6, 6), (1, 1), 0.95),
        ((10, 10), (1, 1), 0.95),
        ((30, 30), (1, 1), 0.95),
        ((6, 20), (1, 1), 0.94),
        ((6, 20), (3, 1), 0.93),  # the smaller sample spreads more, and what none of six was no interval knows
        ((6, 20), (1, 3), 0.95),
    ],
)
def test_intervals_of_differences_hold_the_truth(draw, sizes, spreads, least):
    random = np.random.default_rng(0)
    held = []
    for _ in range(STUDIES):
        estimate = unpaired.difference(*samples(random, draw, sizes, spreads), seed=0)
        held.append(estimate.low <= 0 <= estimate.high)
    assert np.mean(held) >= least - error(least)


def test_a_difference_is_found_nearly_as_often_as_by_welch_and_by_mann_and_whitney():
    random = np.random.default_rng(0)
    for sizes, shift in (((10, 10), 1.35), ((30, 30), 0.75), ((6, 20), 1.5)):
        found = []
        for _ in range(STUDIES):
            one, other = random.normal(shift, 1, sizes[0]), random.normal(size=sizes[1])
            ours = unpaired.difference(*table(one, other), seed=0)
            others = stats.ttest_ind(one, other, equal_var=False), stats.mannwhitneyu(one, other)
            found.append([each <= LEVEL for each in (ours.p_value, *(other.pvalue for other in others))])
        ours, *others = np.mean(found, axis=0)
        assert 0.6 < ours < 0.95
        assert ours >= max(others) - 0.08


SETTINGS = [((FEWEST,) * 5, (1,) * 5), ((6, 20, 10, 8, 30), (1, 1, 1, 1, 1)), ((10,) * 5, (1, 0.2, 0.2, 3, 10))]


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "spreads"), SETTINGS, ids=["few", "unbalanced", "unequal"])
@pytest.mark.parametrize("draw", [normal, with_bad_ones])
def test_where_there_is_no_difference_none_is_found_and_all_stay_among_the_best(draw, sizes, spreads):
    random = np.random.default_rng(0)
    found, left = [], []
    for _ in range(STUDIES):
        values = samples(random, draw, sizes, spreads)
        _, p_values = unpaired.differences_from(values[1:], np.repeat(values[:1], 4, axis=0), seed=0)
        found.append(p_values.min() <= LEVEL)
        left.append(len(stay(values)) < 5)
    assert np.mean(found) <= LEVEL + error(LEVEL)
    assert np.mean(left) <= LEVEL + error(LEVEL)


def stay(values: np.ndarray) -> set[int]:
    """The settings, less being better, that are not shown worse than the best."""
    kept, _ = unpaired.not_worse_than(int(np.argmin(np.nanmean(values, axis=(1, 2)))), values, seed=0)
    return {*kept.tolist()}


def test_one_that_is_far_worse_is_found_and_leaves_and_its_p_value_allows_for_the_others():
    random = np.random.default_rng(0)
    values = table(*(random.normal(shift, 1, size) for shift, size in ((0, 12), (0, 8), (0, 20), (3, 6))))
    assert stay(values) == {0, 1, 2}
    _, p_values = unpaired.differences_from(values[1:], np.repeat(values[:1], 3, axis=0), seed=0)
    alone = [unpaired.difference(each, values[0], seed=0).p_value for each in values[1:]]
    assert (p_values <= LEVEL).tolist() == [False, False, True]
    assert (p_values >= np.array(alone) - 0.03).all()


def test_a_setting_with_one_training_is_never_shown_worse_and_hides_no_other():
    values = table(np.linspace(0, 1, 8), np.array([50.0]), np.linspace(9, 10, 8))
    assert stay(values) == {0, 1}
    assert stay(table(np.array([0.0]), np.linspace(9, 10, 8))) == {0, 1}
    assert stay(np.zeros((3, 8, 1))) == {0, 1, 2}


def test_superiority_is_that_of_mann_and_whitney():
    random = np.random.default_rng(0)
    one, other = random.integers(0, 5, 9).astype(float), random.integers(0, 4, 20).astype(float)
    share, low, high = unpaired.superiority(*table(one, other), seed=0)
    assert share == pytest.approx(stats.mannwhitneyu(one, other).statistic / (9 * 20))
    assert low < share < high
    assert math.isnan(unpaired.superiority(*table(one[:5], other), seed=0)[1])
    assert all(map(math.isnan, unpaired.superiority(*table(one[:0], other), seed=0)))


@pytest.mark.parametrize("sizes", [(10, 10), (8, 20)])
def test_intervals_of_superiority_hold_the_share(sizes):
    random = np.random.default_rng(0)
    held = []
    for _ in range(STUDIES):
        _, low, high = unpaired.superiority(
            *table(random.normal(0.5, 1, sizes[0]), random.normal(size=sizes[1])), seed=0
        )
        held.append(low <= stats.norm.cdf(0.5 / math.sqrt(2)) <= high)
    assert np.mean(held) >= 0.92 - error(0.92)


def test_the_rank_correlation_is_that_of_all_ways_to_draw_one_training_from_each_setting():
    three = [np.array([1.0, 4]), np.array([2.0, 3, 5]), np.array([2.0, 6])]
    draws = np.stack(np.meshgrid(*three), axis=-1).reshape(-1, 3)
    pairs = [(0, 1), (0, 2), (1, 2)]
    tau_a = np.mean([np.mean([np.sign(draw[late] - draw[early]) for early, late in pairs]) for draw in draws])
    estimate = unpaired.rank_correlation(table(*three), [4, 8, 16], seed=0)
    assert (estimate.estimate, estimate.values) == (pytest.approx(tau_a), 2)
    swapped = unpaired.rank_correlation(table(*three[::-1]), [16, 8, 4], seed=0)
    assert swapped == pytest.approx(estimate)
    ordered = unpaired.rank_correlation(table(*(np.arange(7) + 10 * step for step in range(3))), [4, 8, 16], seed=0)
    assert ordered[:5] == (1,) * 5


def test_of_two_settings_it_is_that_of_mann_and_whitney_with_the_variance_of_delong():
    random = np.random.default_rng(0)
    one, other = random.normal(size=5), random.normal(0.5, 1, 9)
    estimate = unpaired.rank_correlation(table(one, other), [4, 8], seed=0)
    above = other[None] > one[:, None]
    assert estimate.estimate == pytest.approx(2 * above.mean() - 1)
    placements = above.mean(axis=1), above.mean(axis=0)
    parts = [4 * each.var(ddof=1) / len(each) for each in placements]
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 4 + parts[1] ** 2 / 8)
    assert estimate.high - estimate.estimate == pytest.approx(stats.t.ppf(0.975, freedom) * math.sqrt(sum(parts)))


@pytest.mark.parametrize("sizes", [(6, 6, 6), (10, 10, 10), (6, 20, 12)])
@pytest.mark.parametrize("step", [0, 0.7])
def test_intervals_of_the_rank_correlation_hold_the_truth(sizes, step):
    random = np.random.default_rng(0)
    truth = np.mean([2 * stats.norm.cdf(steps * step / math.sqrt(2)) - 1 for steps in (1, 1, 2)])
    held = []
    for _ in range(STUDIES):
        values = table(*(random.normal(place * step, 1, size) for place, size in enumerate(sizes)))
        estimate = unpaired.rank_correlation(values, [4, 8, 16], seed=0)
        held.append(estimate.low <= truth <= estimate.high)
    assert np.mean(held) >= 0.95 - error(0.95)


def test_with_as_many_more_trainings_as_are_said_the_error_is_small_enough():
    random = np.random.default_rng(0)
    one, other = random.normal(0.5, 1, 9), random.normal(0, 3, 21)
    more, rows = unpaired.more_to_decide(*table(one, other), math.nan, critical=2)
    reached = [
        abs(one.mean() - other.mean()) / math.sqrt(one.var(ddof=1) / (9 + each) + other.var(ddof=1) / (21 + each))
        for each in (more - 1, more)
    ]
    assert reached[0] < 2 + stats.norm.ppf(0.8) <= reached[1]
    assert math.isnan(rows)
    same = unpaired.more_to_decide(*table(one, one), math.nan, critical=2)
    assert math.isinf(same[0])
    assert unpaired.more_to_decide(*table(one, one), 2.0, critical=2)[0] == 1  # far inside the margin


def test_shares_are_of_combinations_where_those_of_pairs_are_of_pairs():
    events = np.array([[1, 1], [1, 0], [0, 1], [math.nan, 1]])
    assert unpaired.share(events) == pytest.approx(2 / 3 * 3 / 4)
    assert paired.share(events) == pytest.approx(1 / 3)
    assert (unpaired.lost(events), paired.lost(events)) == (5, 3)
    assert math.isnan(paired.share(np.array([[1, math.nan], [math.nan, 1]])))


def test_pairs_that_are_not_whole_count_as_if_they_were_not_there():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 14, 1)) + random.normal(size=(14, 1))
    one[:3], other[10:] = math.nan, math.nan
    whole = slice(3, 10)
    assert paired.difference(one, other, seed=0) == paired.difference(one[whole], other[whole], seed=0)
    assert paired.superiority(one, other, seed=0) == paired.superiority(one[whole], other[whole], seed=0)
    sizes, values = [4, 8], np.stack([one, other])
    assert paired.rank_correlation(values, sizes, 0) == paired.rank_correlation(values[:, whole], sizes, 0)
    assert paired.more_to_decide(one, other, 0.1, 2) == paired.more_to_decide(one[whole], other[whole], 0.1, 2)
    _, [adjusted] = paired.differences_from(one[None], other[None], seed=0)
    assert adjusted == pytest.approx(estimate_mean((one - other)[whole], seed=0).p_value, abs=0.05)


@pytest.mark.parametrize("share", [1, 0], ids=["correlated", "unrelated"])
def test_where_replicates_are_missing_none_that_ties_leaves_and_one_far_worse_does(share):
    random = np.random.default_rng(0)
    left, worse = [], []
    for _ in range(STUDIES):
        values = share * random.normal(size=(1, 30, 1)) + random.normal(size=(5, 30, 1))
        values[random.random(values.shape) < 0.3] = math.nan
        values[1, 15:], values[4] = math.nan, values[4] + 3
        kept, _ = paired.not_worse_than(int(np.argmin(np.nanmean(values, axis=(1, 2)))), values, seed=0)
        left.append(not {0, 1, 2, 3} <= {*kept.tolist()})
        worse.append(4 not in kept)
    assert np.mean(left) <= LEVEL + error(LEVEL)
    assert np.mean(worse) > 0.9


def test_a_few_pairs_among_many_trainings_are_few():
    """Of 50 and 6 trainings, 6 are pairs: their Student's t has 5 degrees of freedom."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(STUDIES):
        reference, other = random.normal(size=(2, 50, 1))
        other[6:] = math.nan
        found.append(paired.differences_from(other[None], reference[None], seed=0)[1][0] <= LEVEL)
        alone = stats.ttest_rel(other[:6, 0], reference[:6, 0]).pvalue
        assert paired.differences_from(other[None], reference[None], seed=0)[1][0] >= alone - 1e-9
    assert np.mean(found) <= LEVEL + error(LEVEL)
