"""The recommendation in words, for each thing that there may be to say."""

import math

import numpy as np
import pandas as pd
import pytest

from batchscope.advice import page, read_page, write_page

from .tables import replicates

COUNT = 12
NOISE = np.linspace(-0.003, 0.003, COUNT)
MARGINS = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.002, "epochs_to_target": 2}
BOTH = {8: 0.8 + NOISE, 16: 0.8 - NOISE}


def of(table: pd.DataFrame, **more) -> str:
    return page(table, **{"title": "A study", "target": 0.8, "train_rows": 500, "margins": MARGINS, "seed": 0} | more)


def advice(table: pd.DataFrame, **more) -> str:
    first, second, *_ = of(table, **more).split("\n\n")
    assert first == "# What to take: A study"
    return second.strip("*")


def section(table: pd.DataFrame, heading: str) -> list[str]:
    text = of(table)
    return text[text.index(f"## {heading}") :].split("\n\n## ")[0].split("\n\n")[1:]


def test_of_settings_without_a_real_difference_the_fastest_is_to_be_taken():
    table = replicates({4: 0.5 + NOISE} | BOTH)
    table["seconds_to_target"] = np.where(table["batch_size"] == 8, 3.0, 2.0)
    assert advice(table) == (
        "No real difference in final test accuracy and its volatility between 2 settings: take the fastest to a test "
        "accuracy of 0.8, which is batch size 16 at learning rate 0.1 (2 s; batch size 8 at learning rate 0.1: 3 s)."
    )
    assert "No difference is shown in final test accuracy and" in advice(table, margins={})


def test_where_no_target_is_reached_the_fastest_epochs_are_to_be_taken():
    table = replicates(BOTH).assign(seconds_to_target=math.inf)
    table["seconds"] = np.where(table["batch_size"] == 8, 1.0, 2.0)
    assert advice(table).endswith("take the one whose epochs are fastest, which is batch size 8 at learning rate 0.1.")
    assert section(table, "Time") == [
        "By seconds to a test accuracy of 0.8 there is no best. Most replicates never get there: 8, 16."
    ]


def test_a_single_best_is_to_be_taken():
    table = replicates({4: 0.5 + NOISE, 8: 0.8 + NOISE})
    assert advice(table) == "Take batch size 8 at learning rate 0.1: it has the best final test accuracy."
    table["test_accuracy_volatility"] = np.where(table["batch_size"] == 4, 0.01, 0.1)
    assert advice(table).endswith("accuracy. The most stable is batch size 4 at learning rate 0.1.")


def test_stability_decides_between_settings_that_are_as_accurate():
    table = replicates(BOTH)
    table["test_accuracy_volatility"] = np.where(table["batch_size"] == 8, 0.01, 0.1)
    assert advice(table) == (
        "Take batch size 8 at learning rate 0.1: of 2 settings that may have the best final test accuracy it alone is "
        "among the most stable."
    )


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
        "By final test accuracy the best is batch size 8 at learning rate 0.1: 0.800 [0.799, 0.801]. Equivalent: 16. "
        "Worse: 4. Most replicates diverged: 2."
    )
    head, _, best, other = markdown.splitlines()
    assert head == (
        "| batch size | learning rate | final test accuracy | difference from the best | verdict | diverged |"
    )
    assert best == "| 8 | 0.1 | 0.800 [0.799, 0.801] | - | best | 0 |"
    assert other.startswith("| 16 | 0.1 | 0.799 [0.798, 0.800] | -0.00100 [-0.00")
    assert section(table, "Time")[1].startswith(
        "| batch size | learning rate | seconds to a test accuracy of 0.8 | epochs to target | updates to target |"
    )


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
    assert advice(table).startswith("Take batch size 4\N{MULTIPLICATION SIGN}5 \N{RIGHTWARDS ARROW} 16")
    assert [sentence.split(" is ")[0] for sentence in section(table, "What to try next")] == ["Learning rate 0.1"]


def test_what_is_undecided_says_how_many_more_replicates_decide():
    wide = {4: 0.8 + 20 * NOISE, 8: 0.79 - 20 * NOISE, 16: 0.8 - 20 * NOISE}
    [sentence] = section(replicates(wide), "What is undecided")[:1]
    assert sentence.startswith("By final test accuracy 2 settings are undecided against the best: ")
    assert sentence.endswith(" more replicates would decide.")
    same = replicates({4: 7 + NOISE, 8: 7 + NOISE}, "seconds_to_target")
    assert section(same, "What is undecided")[0] == (
        "By seconds to a test accuracy of 0.8 1 setting is undecided against the best: more than 10,000 more "
        "replicates would decide."
    )
    sure = replicates({4: 0.5 + NOISE, 8: 0.8 + NOISE}).assign(seconds_to_target=math.inf)
    assert section(sure, "What is undecided")[0] == "No setting is undecided against the best."
    few = replicates({4: np.full(5, 0.5), 8: np.full(5, 0.8)})
    assert section(few, "What is undecided")[0] == "Everything is undecided: fewer than 6 replicates decide nothing."


def test_where_validation_rows_choose_the_test_rows_are_reported_beside():
    table = replicates({4: 0.3 + NOISE, 8: 0.5 + NOISE}, "validation_loss").assign(test_loss=0.7)
    for unit in ("epochs", "updates", "seconds"):
        table[f"validation_{unit}_to_target"] = 2.0
    table["validation_loss_volatility"] = 0.1
    text = of(table, score="loss", part="validation", target=0.5)
    assert "**Take batch size 4 at learning rate 0.1: it has the best final validation loss.**" in text
    assert "| batch size | learning rate | final validation loss | test loss |" in text
    assert "| 4 | 0.1 | 0.300 [0.299, 0.301] | 0.700 [0.700, 0.700] |" in text
    assert "| seconds to a validation loss of 0.5 | validation epochs to target |" in text


def test_the_report_gets_the_sentences(tmp_path):
    table = replicates({4: 0.5 + NOISE, 8: 0.8 + NOISE})
    write_page(of(table, title="A\n\n study"), tmp_path / "recommendation.md")
    read = read_page(tmp_path / "recommendation.md")
    assert read["advice"] == advice(table)
    starts = ["By final test", "By seconds to", "By volatility", "Batch size 8 is the largest", "Learning rate", "By "]
    assert len(read["sentences"]) >= len(starts)
    for sentence, start in zip(read["sentences"], starts):
        assert sentence.startswith(start)
    assert not any(sentence.startswith(("|", "#", "*")) for sentence in read["sentences"])
