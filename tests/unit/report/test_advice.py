"""The recommendation in words, for each thing that there may be to say."""

import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.recommendation import recommend
from batchscope.report.advice import page, read_page, write_page
from tests.unit.tables import populations, replicates, row_by_row

COUNT = 12
NOISE = np.linspace(-0.003, 0.003, COUNT)
MARGINS = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.002, "epochs_to_target": 2}
BOTH = {8: 0.8 + NOISE, 16: 0.8 - NOISE}
UNTUNED = "Learning rate 0.1 was not tuned."
FLATTERS = "All this was chosen on the test rows themselves, which flatters it."


def of(own, new=None, margins=MARGINS, score="accuracy", part="test", target=0.8, **more) -> str:
    for table in (own, new):
        if table is not None and f"{part}_{score}_late" not in getattr(table, "replicates", table):
            getattr(table, "replicates", table)[f"{part}_{score}_late"] = 0.5
            getattr(table, "replicates", table)[[f"{part}_rmse", f"{part}_mae"]] = [20.0, 10.0]
    trainings = populations(own, new)
    ranked = {on: recommend(each, margins, 0, score, part) for on, each in trainings.items()}
    study = {"title": "A study", "train_rows": 500, "seed": 0, "target": target, "margins": margins} | more
    return page(trainings, ranked, score=score, part=part, **study)


def advice(*tables, **more) -> str:
    first, second, *_ = of(*tables, **more).split("\n\n")
    assert first == "# What to take: A study"
    return second.strip("*")


def section(table: pd.DataFrame, heading: str, **study) -> list[str]:
    text = of(table, **study)
    return text[text.index(f"## {heading}") :].split("\n\n## ")[0].split("\n\n")[1:]


def test_what_may_be_best_is_said_before_one_is_taken_which_is_the_first_at_the_target():
    table = replicates({4: 0.5 + NOISE} | BOTH)
    table["epochs_to_target"] = np.where(table["batch_size"] == 8, 30.0, 20.0)
    assert advice(table) == (
        "Judged by these 1 test rows, 2 of 3 settings may have the best final test accuracy: 8 and 16. Take batch "
        "size 16 at learning rate 0.1: measured within 0.01 of the best, as calm as any of those and first at a test "
        f"accuracy of 0.8 (20 epochs). {UNTUNED} {FLATTERS}"
    )


def test_where_no_target_is_reached_the_best_is_to_be_taken():
    table = replicates(BOTH).assign(epochs_to_target=math.inf)
    assert "of the best and as calm as any of those. Learning rate" in advice(table)
    assert section(table, "Time") == [
        "Judged by these 1 test rows, by epochs to a test accuracy of 0.8 there is no best. Most replicates never "
        "get there: 8, 16."
    ]


def test_a_single_best_is_to_be_taken():
    table = replicates({4: 0.5 + NOISE, 8: 0.8 + NOISE})
    assert advice(table) == (
        "Judged by these 1 test rows, batch size 8 at learning rate 0.1 has the best final test accuracy. Take batch "
        f"size 8 at learning rate 0.1. {UNTUNED} {FLATTERS}"
    )


def test_stability_decides_between_settings_that_are_as_accurate():
    table = replicates(BOTH)
    table["test_accuracy_volatility"] = np.where(table["batch_size"] == 8, 0.1, 0.01)
    table["epochs_to_target"] = np.where(table["batch_size"] == 8, 20.0, 30.0)
    assert "Take batch size 16 at learning rate 0.1: measured within 0.01 of the best, the calmest of those" in advice(
        table
    )


def test_many_that_may_be_best_are_named_by_those_that_are_not():
    table = replicates({4: 0.5 + NOISE, 32: 0.8 + NOISE, 64: 0.8 + NOISE} | BOTH)
    assert "4 of 5 settings may have the best final test accuracy, all but 4. Take" in advice(table)


def test_where_this_split_and_new_ones_differ_that_is_said_first():
    new = replicates({4: 0.5 + NOISE, 8: 0.7 + NOISE, 16: 0.8 - NOISE})
    said = advice(replicates({4: 0.5 + NOISE} | BOTH), new)
    assert said.startswith(
        "The two answers differ. Judged by these 1 test rows, 2 of 3 settings may have the best final"
    )
    assert (
        " On new splits, batch size 16 at learning rate 0.1 has the best final test accuracy. Take batch size 16"
        in said
    )
    assert "accuracy: 8 and 16. On new splits the same. Take" in advice(replicates(BOTH), replicates(BOTH))
    assert advice(replicates(BOTH), resampled=True).startswith("On random splits, 2 of 2 settings")


def test_the_number_of_rows_is_said_and_how_many_more_of_them_would_decide():
    rows = np.arange(100)
    own = row_by_row({4: np.tile(rows < 80, (8, 1)).astype(float), 8: np.tile(rows < 82, (8, 1)).astype(float)})
    text = of(own)
    assert "**Judged by these 100 test rows, 2 of 2 settings may have" in text
    [said] = [line for line in text.splitlines() if "undecided against the best" in line]
    assert said.endswith("more test rows would decide.")
    assert " more replicates or " not in said  # all trainings agree


def test_the_share_that_diverged_is_named_and_such_a_setting_left_out_or_taken_with_a_but():
    fourteen = np.where(np.arange(30) < 14, math.nan, 0.9)
    said = advice(replicates({4: fourteen, 8: np.linspace(0.79, 0.81, 30)}))
    assert "Take batch size 8" in said
    assert "Left out, as replicates diverged: 4 (47%)." in said
    said = advice(replicates({4: fourteen, 8: fourteen - 0.1}))
    assert "Take batch size 4" in said
    assert "But 47% of its replicates diverged, as of all settings too many did." in said


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({8: np.full(COUNT, math.nan)}, "Nothing can be recommended: at every setting most replicates diverged."),
        ({8: 0.8 + NOISE}, "There is nothing to choose from: batch size 8 at learning rate 0.1 alone was tried."),
        (
            {4: np.full(5, 0.5), 8: np.full(5, 0.8)},
            "5 replicates decide nothing, train at least 6: so far batch size 8 at learning rate 0.1 has the best "
            "final test accuracy.",
        ),
        (
            {4: np.full(1, 0.5), 8: np.full(1, 0.8)},
            "One replicate decides nothing, train at least 6: so far batch size 8 at learning rate 0.1 has the best "
            "final test accuracy.",
        ),
    ],
)
def test_where_there_is_nothing_to_decide_the_advice_says_so(values, sentence):
    assert advice(replicates(values)) == sentence


def test_a_table_has_what_is_best_or_not_distinguishable_with_intervals():
    table = replicates({2: np.full(COUNT, math.nan), 4: 0.5 + NOISE, 8: 0.8 + NOISE, 16: 0.799 - NOISE})
    sentence, markdown = section(table, "Accuracy")
    assert sentence == (
        "Judged by these 1 test rows, by final test accuracy the best measured is batch size 8 at learning rate 0.1: "
        "0.800 [0.799, 0.801]. Equivalent: 16. Worse: 4. Too many replicates diverged: 2."
    )
    head, _, best, other = markdown.splitlines()
    assert head == (
        "| batch size | learning rate | final test accuracy | over trainings alone | test accuracy late | difference "
        "from the best | verdict | diverged |"
    )
    assert best == "| 8 | 0.1 | 0.800 [0.799, 0.801] | the same | 0.500 [0.500, 0.500] | - | best | 0 |"
    assert other.startswith("| 16 | 0.1 | 0.799 [0.798, 0.800] | the same | 0.500 [0.500, 0.500] | -0.00100 [-0.00")
    assert section(table, "Time")[1].startswith(
        "| batch size | learning rate | epochs to a test accuracy of 0.8 | over trainings alone | updates to target | "
        "seconds to target |"
    )


def test_edges_of_rates_that_go_with_the_batch_size_are_those_of_batch_sizes():
    table = replicates(BOTH)
    table["learning_rate"] = table["batch_size"] / 100
    assert section(table, "What to try next", scaled=True)[:2] == [
        "Batch size 8 is the smallest tried: try 4.",
        "Batch size 16 is the largest tried: try 32.",
    ]


def test_edges_are_named_with_what_to_try_next():
    assert section(replicates(BOTH), "What to try next") == [
        "Batch size 8 is the smallest tried at learning rate 0.1: try 4.",
        "Batch size 16 is the largest tried at learning rate 0.1: try 32.",
        "Learning rate 0.1 is the only one tried at batch sizes 8 and 16: try 0.033 and 0.3.",
    ]
    assert section(replicates({8: 0.8 + NOISE}), "What to try next") == [
        "Batch size 8 is the only one tried at learning rate 0.1: try 4 and 16.",
        "Learning rate 0.1 is the only one tried at batch size 8: try 0.033 and 0.3.",
    ]
    whole = replicates({4: 0.5 + NOISE, 500: 0.8 + NOISE})
    assert section(whole, "What to try next")[1:] == ["Batch size 500 is all training rows: there is none above it."]
    assert section(replicates({8: np.full(COUNT, math.nan)}), "What to try next") == [
        "Learning rate 0.1 is the lowest tried: try 0.033."
    ]
    inside = pd.concat(
        replicates({4: 0.5 + NOISE, 8: 0.5 + NOISE + best * (rate == 0.1), 16: 0.5 + NOISE}).assign(learning_rate=rate)
        for rate, best in ((0.01, 0), (0.1, 0.3), (1.0, 0))
    )
    assert section(inside, "What to try next") == [
        "Nothing: smaller and larger batch sizes and learning rates than these were tried."
    ]


def test_a_schedule_is_named_by_its_stages_and_has_no_edge_of_batch_sizes():
    table = replicates({8: 0.8 + NOISE, 16: 0.5 + NOISE})
    table.loc[table["batch_size"] == 8, "schedule"] = "4x5_16x95"
    assert "Take batch size 4\N{MULTIPLICATION SIGN}5 \N{RIGHTWARDS ARROW} 16" in advice(table)
    assert [sentence.split(" is ")[0] for sentence in section(table, "What to try next")] == ["Learning rate 0.1"]


def test_what_is_undecided_says_how_many_more_replicates_decide():
    wide = {4: 0.8 + 20 * NOISE, 8: 0.79 - 20 * NOISE, 16: 0.8 - 20 * NOISE}
    [sentence] = section(replicates(wide), "What is undecided")[:1]
    assert sentence.startswith(
        "Judged by these 1 test rows, by final test accuracy 2 settings are undecided against the best; "
    )
    assert sentence.endswith(" more replicates would decide.")
    sure = replicates({4: 0.5 + NOISE, 8: 0.8 + NOISE}).assign(epochs_to_target=math.inf)
    assert section(sure, "What is undecided")[0].endswith(
        "nothing; every setting is told from the best, or equivalent."
    )
    few = replicates({4: np.full(5, 0.5), 8: np.full(5, 0.8)})
    assert section(few, "What is undecided")[0].endswith("everything, as fewer than 6 replicates decide nothing.")


def test_where_validation_rows_choose_the_test_rows_are_reported_beside():
    table = replicates({4: 0.3 + NOISE, 8: 0.5 + NOISE}, "validation_loss").assign(test_loss=0.7)
    for unit in ("epochs", "updates", "seconds"):
        table[f"validation_{unit}_to_target"] = 2.0
    table["validation_loss_volatility"] = 0.1
    text = of(table, score="loss", part="validation", target=0.5)
    assert "validation rows, batch size 4 at learning rate 0.1 has the best final validation loss." in text
    assert FLATTERS not in text
    assert "| final validation loss | over trainings alone | validation loss late | test loss |" in text
    assert "| 4 | 0.1 | 0.300 [0.299, 0.301] | the same | 0.500 [0.500, 0.500] | 0.700 [0.700, 0.700] |" in text
    assert "| test loss | validation RMSE | validation MAE | difference" in text
    assert "| 0.700 [0.700, 0.700] | 20 [20, 20] | 10 [10, 10] |" in text
    assert "| epochs to a validation loss of 0.5 | over trainings alone | validation updates to target |" in text


def test_guessing_stands_on_the_page_and_a_target_that_it_reaches_is_warned_of():
    text = of(replicates(BOTH), guess=0.75)
    assert "Guessing the largest class has a final test accuracy of 0.750.\n" in text
    assert "says little" not in text
    assert "no setting is shown" not in text
    warning = (
        "But no setting is shown to have a better final test accuracy than guessing the largest class, 0.920. The "
        "target of 0.8 says little, as guessing the largest class has a test accuracy of 0.920; set target_accuracy "
        "above that."
    )
    assert advice(replicates(BOTH), guess=0.92).endswith(warning)
    assert "uessing" not in of(replicates(BOTH))


def test_a_score_has_its_name_in_words():
    table = replicates({8: 0.8 + NOISE, 16: 0.7 - NOISE}, "test_roc_auc")
    table["test_roc_auc_volatility"] = 0.0
    margins = {"test_roc_auc": 0.01, "test_roc_auc_volatility": 0.002, "epochs_to_target": 2}
    text = of(table, margins=margins, score="roc_auc", target=0.9)
    assert "batch size 8 at learning rate 0.1 has the best final test ROC AUC." in text  # more is better
    assert "\n## ROC AUC, judged by" in text
    assert "| final test ROC AUC | over trainings alone | test ROC AUC late |" in text


def test_the_report_gets_the_sentences(tmp_path):
    table = replicates({4: 0.5 + NOISE, 8: 0.8 + NOISE})
    write_page(of(table, title="A\n\n study"), tmp_path / "recommendation.md")
    read = read_page(tmp_path / "recommendation.md")
    assert read["advice"] == advice(table)
    here = "Judged by these 1 test rows, "
    starts = [f"{here}by {goal}" for goal in ("final test", "volatility", "epochs to")]
    starts += ["Batch size 8 is the largest", "Learning rate", here]
    assert len(read["sentences"]) == len(starts)
    for sentence, start in zip(read["sentences"], starts):
        assert sentence.startswith(start)


def test_what_the_noise_scale_says_stands_among_the_sentences(tmp_path):
    text = of(replicates(BOTH), noise=["A batch above about 46 does not pay in steps.", "It rises."])
    assert (
        "## How large a batch pays in steps\n\nA batch above about 46 does not pay in steps.\n\nIt rises.\n\n## "
        in text
    )
    write_page(text, tmp_path / "page.md")
    assert "It rises." in read_page(tmp_path / "page.md")["sentences"]
    assert "How large a batch pays" not in of(replicates(BOTH))
