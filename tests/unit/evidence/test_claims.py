import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from batchscope.evidence.claims import COLUMNS, judge, read_claims
from batchscope.evidence.trainings import Trainings
from tests.unit.simulated import EASE, accuracy, ease_of, study
from tests.unit.tables import populations, replicates, row_by_row

CLAIM = {"name": "C", "statement": "It is so", "measure": "test_accuracy"}
AT_4, AT_500 = (4, 0.1, "constant"), (500, 0.1, "constant")


@pytest.fixture
def table() -> pd.DataFrame:
    noise = np.linspace(-0.01, 0.01, 21)
    return replicates({4: 0.7 + noise, 8: 0.75 - noise, 500: 0.8 + noise})


def verdict(table: pd.DataFrame | Trainings, **claim) -> pd.Series:
    judged = judge([CLAIM | claim], populations(table), [], seed=0)
    assert list(judged) == COLUMNS
    return judged.iloc[0]


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ({"above": 0.6}, "holds"),
        ({"above": 0.7}, "undecided"),
        ({"above": 0.8}, "does not hold"),
        ({"below": 0.8}, "holds"),
        ({"below": 0.7}, "undecided"),
        ({"below": 0.6}, "does not hold"),
        ({"within": [0.69, 0.71]}, "holds"),
        ({"within": [0.69, 0.70]}, "undecided"),
        ({"within": [0.8, 0.9]}, "does not hold"),
        ({"within": [0.1, 0.2]}, "does not hold"),
    ],
)
def test_a_claim_holds_where_the_whole_interval_is_where_it_is_expected(table, bound, expected):
    row = verdict(table, of=AT_4, **bound)
    assert row["verdict"] == expected
    assert row["estimate"] == pytest.approx(0.7)
    assert row["replicates"] == 21


def test_a_difference_is_taken_in_pairs(table):
    """Both settings share their noise, so the difference has none."""
    row = verdict(table, of=AT_4, against=AT_500, below=-0.09)
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx((-0.1, -0.1, -0.1))
    assert row["verdict"] == "holds"
    assert (row["batch_size"], row["against_batch_size"]) == (4, 500)


def test_along_batch_sizes_the_rank_correlation_counts(table):
    row = verdict(table, along=[AT_4, (8, 0.1, "constant"), AT_500], above=0.5)
    assert (row["estimate"], row["verdict"], row["along"]) == (1, "holds", "4, 8, 500")
    same = replicates(dict.fromkeys((4, 8, 500), np.zeros(5)))
    assert verdict(same, along=[AT_4, (8, 0.1, "constant"), AT_500], above=0)["estimate"] == 0


def test_what_is_reported_is_placed_among_the_replicates(table):
    assert verdict(table, of=AT_4, above=0, reported=0.7)["reported_percentile"] == pytest.approx(0.5)
    assert verdict(table, of=AT_4, above=0, reported=0.9)["reported_percentile"] == 1
    assert math.isnan(verdict(table, of=AT_4, above=0)["reported_percentile"])


def test_times_that_were_not_reached_are_counted():
    table = replicates({4: np.array(2 * [10, 20, 20, 10, math.inf, math.inf])}, "epochs_to_target")
    row = verdict(table, measure="epochs_to_target", of=AT_4, below=90)
    assert (row["estimate"], row["never"], row["verdict"]) == (pytest.approx(260 / 6), 4, "holds")


@pytest.mark.parametrize(
    "claim",
    [
        {"of": AT_4, "below": 200},
        {"of": AT_4, "against": AT_500, "within": [-2, 2]},
        {"along": [AT_4, (8, 0.1, "constant"), AT_500], "below": 0.5},
    ],
)
def test_times_that_hardly_any_reached_decide_nothing(claim):
    never = np.full(30, math.inf)
    table = replicates({4: never, 8: never, 500: never}, "epochs_to_target")
    assert verdict(table, measure="epochs_to_target", **claim)["verdict"] == "undecided"


def test_times_that_all_reached_are_taken_as_they_are_however_long_the_trainings():
    long = replicates({4: np.full(30, 520.0)}, "updates_to_target").assign(updates=25_000)
    short = replicates({500: np.full(30, 72.0)}, "updates_to_target").assign(updates=200)
    row = verdict(pd.concat([long, short]), measure="updates_to_target", of=AT_4, against=AT_500, above=0)
    assert (row["estimate"], row["never"]) == (448, 0)


@pytest.mark.parametrize(("diverged", "expected"), [(10, "holds"), (20, "undecided")])
def test_where_most_diverged_nothing_is_decided(table, diverged, expected):
    table.loc[table["batch_size"].eq(4) & (table["replicate"] < diverged), ["test_accuracy", "diverged"]] = [
        math.nan,
        True,
    ]
    row = verdict(table, of=AT_4, above=0)
    assert (row["replicates"], row["diverged"], row["verdict"]) == (21 - diverged, diverged, expected)


def test_few_replicates_decide_nothing():
    assert verdict(replicates({4: np.full(5, 0.7)}), of=AT_4, above=0)["verdict"] == "undecided"


def test_claims_come_back_from_their_file_as_they_were(table, tmp_path):
    claims = [CLAIM | {"name": name, "statement": "None", "of": AT_4, "above": 0} for name in ("01", "NA", "1")]
    judge(claims, populations(table), [], seed=0).to_csv(tmp_path / "claims.csv", index=False)
    claims = read_claims(tmp_path / "claims.csv")
    assert claims["claim"].tolist() == ["01", "NA", "1"]
    assert claims["statement"].tolist() == ["None"] * 3
    assert claims["explanation"].tolist() == [""] * 3
    assert math.isnan(claims["reported"][0])


def test_a_diverged_replicate_is_left_out(table):
    table.loc[0, "test_accuracy"] = math.nan
    assert verdict(table, of=AT_4, above=0)["replicates"] == 20


def test_where_all_diverged_nothing_is_decided(table):
    table[["test_accuracy", "diverged"]] = [math.nan, True]
    row = verdict(table, of=AT_4, above=0)
    assert (row["verdict"], row["diverged"]) == ("undecided", 21)


AT_BOTH = [AT_4, AT_500]


@pytest.mark.parametrize("claim", [{"of": AT_4}, {"of": AT_500, "against": AT_4}, {"along": AT_BOTH}])
@pytest.mark.parametrize("paired", [True, False])
def test_what_the_sound_trainings_of_a_setting_do_not_have_is_not_measured(table, claim, paired):
    """As where no history has a training loss; 3 diverged."""
    table.loc[table["replicate"] < 3, ["test_accuracy", "diverged"]] = [math.nan, True]
    assert verdict(Trainings(table, paired=paired), **claim, above=0)["verdict"] != "not measured"
    table.loc[table["batch_size"] == 4, "test_accuracy"] = math.nan
    row = verdict(Trainings(table, paired=paired), **claim, above=0)
    assert row[["verdict", "verdict_on_this_split"]].tolist() == ["not measured"] * 2
    assert row[["estimate", "p_value"]].isna().all()


def test_seconds_that_no_file_tells_are_not_measured(table):
    stretches = pd.DataFrame({"batch_size": 4, "learning_rate": 0.1, "schedule": "constant", "stretch": range(6)})
    claim = CLAIM | {"measure": "seconds_per_epoch", "of": AT_4, "above": 0}
    for seconds, expected in ((math.nan, "not measured"), (1.0, "holds")):
        others = [Trainings(stretches.assign(seconds_per_epoch=seconds))]
        assert judge([claim], populations(table), others, seed=0)["verdict"].item() == expected


def test_the_gain_of_an_ensemble_is_that_of_all_its_members(table):
    ensembles = pd.DataFrame({"ensemble": [0, 0, 1, 1], "members": [1, 2, 1, 2], "ensemble_gain": [0, 0.1, 0, 0.3]})
    judged = judge(
        [CLAIM | {"measure": "ensemble_gain", "above": 0}], populations(table), [Trainings(ensembles)], seed=0
    )
    assert (judged["estimate"][0], judged["replicates"][0]) == (0.2, 2)


@pytest.mark.slow
def test_false_claims_hold_rarely():
    """A bound at the true mean: above it holds in 2.5 % of the studies; within bounds, one of which it is, in 5 %."""
    random = np.random.default_rng(0)
    studies = [replicates({4: random.normal(size=30)}) for _ in range(200)]
    for bound, level in (({"above": 0}, 0.025), ({"within": [0, 5]}, 0.05)):
        held = np.mean([verdict(study, of=AT_4, **bound)["verdict"] == "holds" for study in studies])
        assert held <= level + 3 * math.sqrt(level * (1 - level) / 200)


def test_for_new_rows_the_interval_is_wider_and_the_verdict_its_own():
    """On these rows the trainings agree; 60 rows cannot tell 0.7 from 0.75 for others."""
    right = np.tile(np.arange(60) < 42, (8, 1)).astype(float)
    row = verdict(row_by_row({4: right}), of=AT_4, within=[0.65, 0.75])
    assert (row["low"], row["high"], row["verdict"]) == (pytest.approx(0.7), pytest.approx(0.7), "holds")
    of_student = 2 * stats.t.ppf(0.975, 59) * math.sqrt(0.21 / 59)
    assert of_student <= row["high_on_this_split"] - row["low_on_this_split"] < 1.2 * of_student
    assert (row["over"], row["verdict_on_this_split"]) == ("rows and trainings", "undecided")
    about_these = verdict(row_by_row({4: right}), of=AT_4, within=[0.65, 0.75], rows="these")
    assert (about_these["over"], about_these["verdict_on_this_split"]) == ("trainings", "holds")


def test_new_splits_have_a_verdict_of_their_own():
    noise = np.linspace(-0.01, 0.01, 21)
    own, new = (replicates({4: level + noise, 500: 0.8 + noise}) for level in (0.7, 0.9))
    claim = CLAIM | {"of": AT_4, "against": AT_500, "below": 0}
    row = judge([claim], populations(own, new), [], seed=0).iloc[0]
    assert (row["verdict_on_this_split"], row["verdict_on_new_splits"]) == ("holds", "does not hold")
    assert (row["estimate_on_new_splits"], row["replicates_on_new_splits"]) == (pytest.approx(0.1), 21)
    about_these = judge([claim | {"rows": "these"}], populations(own, new), [], seed=0).iloc[0]
    without = judge([claim], populations(own), [], seed=0).iloc[0]
    assert about_these["verdict_on_new_splits"] == without["verdict_on_new_splits"] == "not judged"


def test_p_values_go_with_the_verdicts_and_are_adjusted_over_the_claims():
    random = np.random.default_rng(0)
    table = replicates({4: random.normal(0, 1, 12)})
    claims = [CLAIM | {"name": str(bound), "of": AT_4, "above": bound} for bound in np.linspace(-1.5, 1.5, 13)]
    judged = judge(claims, populations(table), [], seed=0)
    assert ((judged["p_value"] <= 0.05) == (judged["verdict_on_this_split"] != "undecided")).all()
    assert (judged["p_value_holm"] >= judged["p_value"]).all()
    assert judged["p_value_holm"].min() == pytest.approx(min(1, 13 * judged["p_value"].min()))


@pytest.mark.slow
def test_false_claims_about_new_rows_hold_rarely():
    random = np.random.default_rng(0)
    far = ease_of(accuracy(EASE) - 0.05)
    studies = [row_by_row(dict(zip((4, 500), study(random, [far, EASE], 10, rows=100)))) for _ in range(200)]
    for bound, level in (({"above": -0.05}, 0.025), ({"within": [-0.05, 0.5]}, 0.05)):
        held = [verdict(each, of=AT_4, against=AT_500, **bound)["verdict_on_this_split"] for each in studies]
        assert np.mean(np.array(held) == "holds") <= level + 3 * math.sqrt(level * (1 - level) / 200)


def test_a_claim_about_what_is_not_trained_is_not_tested(table):
    claims = [CLAIM | {"of": (16, 0.1, "constant"), "above": 0, "not_tested": True}, CLAIM | {"of": AT_4, "above": 0}]
    judged = judge(claims, populations(table), [], seed=0)
    assert judged["verdict"].tolist() == ["not tested", "holds"]
    assert judged["p_value_holm"].tolist()[1] == judged["p_value"].tolist()[1]
    assert judged[["estimate", "low", "p_value"]].iloc[0].isna().all()


def as_samples(table: pd.DataFrame, **claim) -> pd.Series:
    return verdict(Trainings(table, paired=False), **claim)


def test_claims_about_samples():
    """Shifted by one replicate, pairs are lost; of samples only their numbers count."""
    noise = np.linspace(-0.01, 0.01, 21)
    table = replicates({4: 0.7 + noise[:9], 8: 0.75 - noise, 500: 0.8 + noise})
    row = as_samples(table, of=AT_4, against=AT_500, below=-0.05, reported=-0.2)
    assert (row["replicates"], row["diverged"], row["verdict"], row["paired"]) == (9, 0, "holds", False)
    assert row["estimate"] == pytest.approx(0.7 + noise[:9].mean() - 0.8)
    assert (row["over"], row["reported_percentile"]) == ("trainings", 0)
    welch = stats.ttest_ind(0.7 + noise[:9], 0.8 + noise, equal_var=False).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((*welch,), abs=1e-3)
    row = as_samples(table, along=[AT_4, (8, 0.1, "constant"), AT_500], above=0.5, reported=0.9)
    assert (row["estimate"], row["replicates"], row["verdict"]) == (1, 9, "holds")
    assert math.isnan(row["reported_percentile"])  # no single training has a rank correlation
    assert as_samples(table, of=AT_4, above=0.6)["verdict"] == "holds"
    assert as_samples(table, of=AT_4, against=AT_500, within=[-0.2, 0])["verdict"] == "holds"


def test_of_samples_that_mostly_diverged_or_saw_nothing_no_claim_is_decided():
    table = replicates({4: np.where(np.arange(16) < 9, math.nan, 0.7), 500: np.linspace(0.7, 0.8, 20)})
    row = as_samples(table, of=AT_4, against=AT_500, above=-1)
    assert (row["replicates"], row["diverged"], row["verdict"]) == (7, 9, "undecided")
    table = replicates({4: np.full(8, math.inf), 500: np.full(20, math.inf)}, "epochs_to_target")
    row = as_samples(table, measure="epochs_to_target", of=AT_4, against=AT_500, within=[-2, 2])
    assert (row["never"], row["verdict"]) == (28, "undecided")


def test_of_pairs_that_are_not_whole_only_whole_ones_count():
    noise = np.linspace(-0.01, 0.01, 21)
    table = replicates({4: 0.7 + noise, 500: 0.8 + noise})
    table = table[(table["batch_size"] == 500) | (table["replicate"] > 11)]
    table.loc[table["replicate"] == 20, ["test_accuracy", "diverged"]] = [math.nan, True]
    row = verdict(table, of=AT_4, against=AT_500, below=-0.09)
    assert (row["estimate"], row["replicates"], row["diverged"]) == (pytest.approx(-0.1), 8, 1)
    assert (row["verdict"], row["paired"]) == ("holds", True)
    apart = table[(table["batch_size"] == 4) | (table["replicate"] < 12)]
    assert verdict(apart, of=AT_4, against=AT_500, below=-0.09)["verdict"] == "undecided"


@pytest.mark.slow
@pytest.mark.parametrize("claim", [{"of": AT_4, "against": AT_500}, {"along": [AT_4, (8, 0.1, "constant"), AT_500]}])
def test_false_claims_about_samples_hold_rarely(claim):
    random = np.random.default_rng(0)
    held = []
    for _ in range(200):
        table = replicates({size: random.normal(size=count) for size, count in ((4, 8), (8, 12), (500, 30))})
        held.append(as_samples(table, **claim, above=0)["verdict"] == "holds")
    assert np.mean(held) <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 200)
