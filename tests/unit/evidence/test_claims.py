import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from batchscope.evidence.claims import COLUMNS, judge, read_claims
from batchscope.evidence.measured import Measured, read_measured
from batchscope.evidence.trainings import Trainings
from batchscope.study.setting import SETTING
from tests.unit.simulated import EASE, accuracy, ease_of, study
from tests.unit.tables import Scores, populations, replicates, row_by_row

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
    bounds, levels = [{"above": -0.05}, {"within": [-0.05, 0.5]}], [0.025, 0.05]
    claims = [CLAIM | {"of": AT_4, "against": AT_500} | bound for bound in bounds]
    held = []
    for _ in range(200):
        own = row_by_row(dict(zip((4, 500), study(random, [far, EASE], 10, rows=100))))
        held.append(judge(claims, populations(own), [], seed=0)["verdict_on_this_split"] == "holds")
    for share, level in zip(np.mean(held, axis=0), levels):
        assert share <= level + 3 * math.sqrt(level * (1 - level) / 200)


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


def across(one: Trainings, other: Trainings, paired: bool = True, **claim) -> pd.Series:
    """The row of a claim about batch size 4 of a study against batch size 4 of another."""
    claim = CLAIM | {"of": AT_4, "against": AT_4, "against_study": "b", "paired": paired, "basis": "so"} | claim
    elsewhere = {"b": Measured(populations(other), [])}
    return judge([claim], populations(one), [], seed=0, elsewhere=elsewhere).iloc[0]


def test_a_difference_across_studies_is_taken_in_pairs_and_equal_settings_are_told_apart():
    noise = np.linspace(-0.01, 0.01, 21)
    one, other = (Trainings(replicates({4: level + noise[:count]})) for level, count in ((0.7, 21), (0.8, 15)))
    row = across(one, other, below=-0.09)
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx((-0.1, -0.1, -0.1))
    assert (row["replicates"], row["verdict"], row["paired"]) == (15, "holds", True)
    assert row[["of_study", "against_study", "basis"]].tolist() == ["", "b", "so"]
    claim = {"of_study": "b", "against_study": "", "above": 0}
    assert across(one, other, **claim)["estimate"] == pytest.approx(0.1)


def test_across_studies_that_are_no_pairs_two_samples_are_compared():
    noise = np.linspace(-0.01, 0.01, 21)
    one, other = (row_by_row({4: np.tile(level + noise[:, None], (1, 9))}) for level in (0.7, 0.8))
    row = across(one, other, paired=False, below=0)
    welch = stats.ttest_ind(0.7 + noise, 0.8 + noise, equal_var=False).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((*welch,), abs=1e-3)
    assert (row["paired"], row["over"], row["verdict_on_this_split"]) == (False, "trainings", "holds")
    row = across(one, other, paired=False, below=0, not_tested=True)
    assert (row["paired"], row["verdict"], row["against_study"]) == (False, "not tested", "b")


def test_across_studies_rows_that_both_tested_count_as_those_of_one_study_do():
    """The other study has more trainings, and was tested on one row more."""
    random = np.random.default_rng(0)
    easy, hard = study(random, [EASE, ease_of(accuracy(EASE) - 0.05)], 12, rows=100)
    within = verdict(row_by_row({4: easy, 500: hard}), of=AT_4, against=AT_500, above=0)
    more = np.hstack([np.vstack([hard, hard[:2]]), np.ones((14, 1))])
    more = Trainings(replicates({4: np.append(hard.mean(axis=1), [0.0, 1.0])}), Scores({4: more}))
    row = across(row_by_row({4: easy}), more, above=0)
    compared = ["estimate", "low", "high", "low_on_this_split", "high_on_this_split", "p_value", "replicates", "over"]
    assert row["over"] == "rows and trainings"
    assert row[compared].tolist() == pytest.approx(within[compared].tolist())


def test_times_across_studies_are_restricted_to_the_shortest_training_of_both():
    never = np.where(np.arange(12) < 3, math.inf, 10.0)
    short = replicates({4: np.full(12, 20.0)}, "epochs_to_target", epochs=50)
    long = replicates({4: never}, "epochs_to_target", epochs=200)
    row = across(Trainings(short), Trainings(long), measure="epochs_to_target", above=0)
    assert (row["estimate"], row["never"]) == (20 - (3 * 50 + 9 * 10) / 12, 3)


def test_what_is_measured_of_a_study_is_read_from_its_files(tmp_path):
    (tmp_path / "metrics").mkdir()
    stretches = pd.DataFrame({"stretch": [0], "seconds_per_epoch": 1.0, **dict(zip(SETTING, AT_4))})
    table = replicates({4: np.array([0.7, 0.8])})
    tables = {"timing": stretches, "replicates": table, "new_splits": table.head(0)}
    for name, rows in tables.items():
        rows.to_csv(tmp_path / f"metrics/{name}.csv", index=False)
    measured = read_measured([tmp_path / f"metrics/{name}.csv" for name in tables], paired=False)
    assert [measured.by(each).paired for each in ("test_accuracy", "seconds_per_epoch")] == [False, False]
    assert measured.by("test_accuracy").replicates["test_accuracy"].tolist() == [0.7, 0.8]
    assert measured.on_new_splits("test_accuracy") is None


def test_a_claim_may_be_about_a_setting_of_another_study_alone():
    one, other = (populations(replicates({4: np.full(8, level)})) for level in (0.7, 0.9))
    claim = CLAIM | {"of": AT_4, "of_study": "b", "above": 0.8}
    row = judge([claim], one, [], seed=0, elsewhere={"b": Measured(other, [])}).iloc[0]
    assert (row["estimate"], row["verdict"], row["of_study"]) == (pytest.approx(0.9), "holds", "b")


def test_new_splits_across_studies_have_a_verdict_where_both_have_them():
    noise = np.linspace(-0.01, 0.01, 21)
    one, new = (replicates({4: level + noise}) for level in (0.7, 0.9))
    other, new_of_other = (replicates({4: 0.8 + noise}) for _ in range(2))
    claim = CLAIM | {"of": AT_4, "against": AT_4, "against_study": "b", "paired": True, "below": 0}
    for elsewhere, expected in (
        (populations(other, new_of_other), "does not hold"),
        (populations(other), "not judged"),
    ):
        judged = judge([claim], populations(one, new), [], seed=0, elsewhere={"b": Measured(elsewhere, [])})
        assert judged["verdict_on_this_split"].item() == "holds"
        assert judged["verdict_on_new_splits"].item() == expected


REFUSED = "it may lie above 256: try larger ones"
FITTED = pd.DataFrame(
    {
        "quantity": ["fewest_updates", "critical_batch_size"],
        **{"estimate": [120.0, math.nan], "low": [100.0, math.nan], "high": [150.0, math.nan]},
        **{"low_90": [104.0, math.nan], "high_90": [144.0, math.nan], "replicates": 10, "refused": ["", REFUSED]},
    }
)


@pytest.mark.parametrize(
    ("measure", "bound", "expected"),
    [
        ("fewest_updates", {"above": 99}, "holds"),
        ("fewest_updates", {"above": 110}, "undecided"),
        ("fewest_updates", {"below": 90}, "does not hold"),
        ("fewest_updates", {"within": [102, 148]}, "holds"),
        ("critical_batch_size", {"above": 1}, "undecided"),
    ],
)
def test_a_number_that_is_fitted_to_the_study_is_judged_by_its_interval(table, measure, bound, expected):
    claims = [CLAIM | {"measure": measure} | bound, CLAIM | {"of": AT_4, "above": 0}]
    judged = judge(claims, populations(table), [], seed=0, fitted=FITTED)
    row = judged.iloc[0]
    assert (row["verdict"], row["verdict_on_this_split"], row["verdict_on_new_splits"]) == (
        *[expected] * 2,
        "not judged",
    )
    assert (row["replicates"], row["basis"]) == (10, REFUSED if measure == "critical_batch_size" else "")
    assert row[["p_value", "p_value_holm"]].isna().all()
    assert judged["p_value_holm"].iloc[1] == judged["p_value"].iloc[1]


def test_few_replicates_decide_nothing_of_what_is_fitted_either(table):
    claim = CLAIM | {"measure": "fewest_updates", "above": 0}
    few = judge([claim], populations(table), [], seed=0, fitted=FITTED.assign(replicates=5))
    assert few["verdict"].item() == "undecided"
