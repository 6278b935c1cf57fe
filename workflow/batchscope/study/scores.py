"""The scores that settings may be judged by, and which way is better."""

# Measured of classes where a study asks for them, by the names of scikit-learn's scorers.
METRICS = ("balanced_accuracy", "f1_macro", "roc_auc")
# What epochs to target are counted to where a study does not say: a loss of 1 is that of predicting the mean.
TARGETS = {"accuracy": 0.8, "loss": 0.5} | dict.fromkeys(METRICS, 0.8)
SCORES = tuple(TARGETS)


def more_is_better(measure: str) -> bool:
    """Whether a measure is a score of which more is better; of losses, volatilities and times less is."""
    return measure.endswith(tuple(score for score in SCORES if score != "loss"))
