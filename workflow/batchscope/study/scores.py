"""The scores that settings may be judged by, and which way is better."""

# Measured of classes where a study asks for them, by the names of scikit-learn's scorers.
METRICS = ("balanced_accuracy", "f1_macro", "roc_auc")
# What epochs to target are counted to where a study does not say: a loss of 1 is that of predicting the mean.
TARGETS = {"accuracy": 0.8, "loss": 0.5} | dict.fromkeys(METRICS, 0.8)
SCORES = tuple(TARGETS)


def more_is_better(measure: str) -> bool:
    """Whether a measure is a score of which more is better, perhaps at a budget; of losses and all else less is."""
    return measure.partition("_at_")[0].endswith(tuple(score for score in SCORES if score != "loss"))


def reaches(values, score: str, target: float):
    """Whether each of some values of a score, an array or a series, is at a target; NaN is not."""
    return values <= target if score == "loss" else values >= target


# What is fitted to all settings of a study: S_min and B_crit of `batchscope.evidence.scaling`.
FITTED = FEWEST_UPDATES, CRITICAL_BATCH_SIZE = "fewest_updates", "critical_batch_size"
# What the gradients of single rows come to, see `batchscope.evidence.noise_scale`.
OF_NOISE = NOISE_SCALE, NOISE_SCALE_GROWTH, NOISE_SCALE_OF_CRITICAL = (
    *("noise_scale", "noise_scale_growth", "noise_scale_of_critical"),
)
# What trainings are compared at as equals: how much of it there may be, and the loss that all get to.
BUDGETS = ("epochs", "updates", "train_loss", "seconds")


def at_budget(part: str, score: str, budget: str) -> str:
    """The measure of a score on a part of the rows at a budget."""
    return f"{part}_{score}_at_equal_{budget}"
