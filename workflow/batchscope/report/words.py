"""Numbers and settings in words, as the tables and the report print them."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from batchscope.study.scores import BUDGETS, METRICS, at_budget
from batchscope.study.setting import SETTING, Setting, setting_in_words

GUESSING = "guessing the largest class"
CONTROL = "negative control, which must fail"
ROWS_NOT_KNOWN = (
    "What the runs scored on single rows is not known, so all intervals here are over trainings alone: they hold for "
    "other trainings on the same rows."
)
SHARE_NO_SEEDS = (
    "Runs of two settings share no seeds, so settings are compared as independent groups rather than in pairs."
)
# Score -> what it is called.
SCORES = {"accuracy": "accuracy", "loss": "loss"} | {
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "macro F1",
    "roc_auc": "ROC AUC",
}
# Measure -> what it is called.
MEASURES = {
    "train_accuracy": "final train accuracy",
    "test_accuracy": "final test accuracy",
    "accuracy_gap": "test minus train accuracy",
    "test_accuracy_volatility": "volatility of test accuracy",
    "train_loss": "final train loss",
    "test_loss": "final test loss",
    "loss_gap": "test minus train loss",
    "test_loss_volatility": "volatility of test loss",
    "validation_accuracy": "final validation accuracy",
    "validation_accuracy_volatility": "volatility of validation accuracy",
    "validation_loss": "final validation loss",
    "validation_loss_volatility": "volatility of validation loss",
    "epochs_to_converge": "epochs to converge",
    "epochs_to_target": "epochs to target",
    "updates_to_target": "updates to target",
    "seconds_to_target": "seconds to target",
    "validation_epochs_to_target": "epochs to target on validation rows",
    "validation_updates_to_target": "updates to target on validation rows",
    "validation_seconds_to_target": "seconds to target on validation rows",
    "epochs_to_first_touch": "epochs to first touch of the target",
    "validation_epochs_to_first_touch": "epochs to first touch of the target on validation rows",
    "test_accuracy_late": "late mean of test accuracy",
    "test_loss_late": "late mean of test loss",
    "validation_accuracy_late": "late mean of validation accuracy",
    "validation_loss_late": "late mean of validation loss",
    "best_epoch": "best epoch on validation rows",
    "test_accuracy_at_best_epoch": "test accuracy at the best epoch",
    "test_loss_at_best_epoch": "test loss at the best epoch",
    "seconds_per_epoch": "seconds per epoch",
    "test_rmse": "RMSE on test rows, in the target's unit",
    "test_mae": "MAE on test rows, in the target's unit",
    "validation_rmse": "RMSE on validation rows, in the target's unit",
    "validation_mae": "MAE on validation rows, in the target's unit",
    "ensemble_gain": "gain in accuracy of the mean prediction",
    "selection_gain": "gain in accuracy of the best on validation rows",
    "critical_batch_size": "critical batch size",
    "fewest_updates": "fewest updates",
    "usable_octaves": "octaves of usable learning rates",
    "noise_scale": "gradient noise scale",
    "noise_scale_growth": "growth of the gradient noise scale",
    "noise_scale_of_critical": "gradient noise scale over the critical batch size",
    "updates": "updates of a training",
}
MEASURES |= {
    measure.replace("accuracy", metric): name.replace("accuracy", SCORES[metric])
    for metric in METRICS
    for measure, name in MEASURES.items()
    if measure.startswith(("test_accuracy", "validation_accuracy"))
}
MEASURES |= {
    at_budget(part, score, budget): f"{part} {name} at equal {budget.replace('_', ' ')}"
    for part in ("test", "validation")
    for score, name in SCORES.items()
    for budget in BUDGETS
}


def in_words(measure: str) -> str:
    """A measure as the head of a column has it: `test ROC AUC late`."""
    for name, word in {**{metric: SCORES[metric] for metric in METRICS}, "rmse": "RMSE", "mae": "MAE"}.items():
        measure = measure.replace(name, word)
    return measure.replace("_", " ")


def basis(paired: bool, of_rows: bool) -> list[str]:
    """A sentence for each way in which the evidence of a study rests on less than that of others.

    Args:
        paired: equal replicates of two settings are pairs.
        of_rows: what single rows were scored is known.
    """
    return [ROWS_NOT_KNOWN] * (not of_rows) + [SHARE_NO_SEEDS] * (not paired)


def basis_of_claim(claim: Mapping) -> str:
    """Which settings of which studies a claim is about, where not all are of its own, and what else it rests on.

    Args:
        claim: a row of `metrics/claims.csv`.
    """
    if not (claim["of_study"] or claim["against_study"]):
        return claim["basis"]
    where = _setting_of_study(claim, "of")
    if pd.notna(claim["against_batch_size"]):
        where += f" against {_setting_of_study(claim, 'against')}"
    return f"{where}; {claim['basis']}" if claim["basis"] else where


def _setting_of_study(claim: Mapping, key: str) -> str:
    """The setting that a claim names `of` or `against`, with its study; `this study` where that is its own."""
    prefix = "against_" if key == "against" else ""
    setting = Setting(*(claim[f"{prefix}{column}"] for column in SETTING))
    setting = setting._replace(batch_size=int(setting.batch_size))  # a column in which others have none has floats
    return f"{claim[f'{key}_study'] or 'this study'} at {setting_in_words(setting)}"


def capitalized(text: str) -> str:
    """With a large first letter, and the others as they are."""
    return text[:1].upper() + text[1:]


def target_by_guessing(target: float, guess: float, score: str, part: str) -> str:
    """What is wrong with a target that guessing reaches, in a sentence; nothing of one that it does not reach.

    Args:
        guess: as from `batchscope.evidence.guess.guess`.
        part: of the rows that the target is counted on.
    """
    if not target <= guess:
        return ""
    return (
        f"The target of {target:g} says little, as {GUESSING} has a {part} {in_words(score)} of "
        f"{number(guess)}; set target_{score} above that."
    )


def number(value: float) -> str:
    """Three significant digits, and whole numbers as such; a dash where there is none."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "never"
    if abs(value) >= 999.5 or value == int(value):
        return f"{value:.0f}"
    return f"{value:#.3g}".removesuffix(".")


def or_never(median: float) -> str:
    """A time, which is NaN where most never get there."""
    return number(median) if median == median else "never"


def interval(estimate: float, low: float, high: float) -> str:
    """`0.833 [0.832, 0.834]`; the number alone where there is no interval."""
    return f"{number(estimate)} {bounds(low, high)}".strip()


def bounds(low: float, high: float) -> str:
    """`[0.832, 0.834]`; nothing where there is no interval."""
    return "" if math.isnan(low) else f"[{number(low)}, {number(high)}]"


def seconds(value: float) -> str:
    """Two significant digits, as more of a clock would say nothing; a dash where there is none."""
    if not math.isfinite(value):
        return number(value)
    return f"{np.format_float_positional(value, 2, fractional=False, trim='-')} s"


def measured(measure: str, estimate: float, low: float, high: float) -> str:
    """A number with its interval; of seconds, which are those of one machine at one time, the number alone."""
    return seconds(estimate) if measure.startswith("seconds") else interval(estimate, low, high)


def budget_in_words(name: str, amount: float) -> str:
    """`15.6 equal epochs`, or `a training loss of 0.25`."""
    return f"a training loss of {number(amount)}" if name == "train_loss" else f"{number(amount)} equal {name}"


def without_value(budgets: pd.DataFrame) -> list[str]:
    """A line for each budget under which batch sizes have no value.

    Args:
        budgets: as from `batchscope.evidence.budgets.compare_budgets`.
    """
    lacking = budgets[budgets["replicates"] == 0]
    remedies = {"train_loss": "train longer, or set a larger `budgets.train_loss`"}
    return [
        f"at {budget_in_words(name, table['amount'].iloc[0])} too few trainings have a score at batch size "
        f"{', '.join(map(str, table['batch_size']))}; "
        + remedies.get(name, f"measure more often, or set another `budgets.{name}`")
        for name, table in lacking.groupby("budget", sort=False)
    ]


def p_value(value: float) -> str:
    if math.isnan(value):
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def in_latex(text: str) -> str:
    """The same with the symbols of a schedule as LaTeX has them."""
    return text.replace("\N{RIGHTWARDS ARROW}", r"$\to$").replace("\N{MULTIPLICATION SIGN}", r"$\times$")
