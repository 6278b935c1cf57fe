"""The losses that a study may have, by what they are given. The loss decides what is learned. Knows no Keras."""

from batchscope.names import name_and_arguments

# Of classes: the model's outputs as logits (`from_logits`), as scores, or as probabilities after a softmax.
OF_LOGITS = (
    *("SparseCategoricalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy"),
    *("BinaryCrossentropy", "BinaryFocalCrossentropy"),
)
OF_SCORES = ("CategoricalHinge", "Hinge", "SquaredHinge", "CosineSimilarity")
OF_PROBABILITIES = ("KLDivergence", "Poisson", "CategoricalGeneralizedCrossEntropy")
# Those that take classes as whole numbers, where the others take them one-hot.
OF_INTEGERS = ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy")
# Of standardised numbers, which leaves out losses of ratios and logarithms. Losses of whole batches are left out too.
OF_NUMBERS = ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh")
OF_CLASSES = OF_LOGITS + OF_SCORES + OF_PROBABILITIES


def score_of(loss: dict | str) -> str:
    """What is measured of what a study learns, and judges it by default: `accuracy`, or `loss` of numbers."""
    return "loss" if is_regression(loss) else "accuracy"


def is_a_sum(loss: dict | str) -> bool:
    """Whether a batch's loss is the sum over its rows rather than their mean."""
    return name_and_arguments(loss)[1].get("reduction") == "sum"


def can_be_divided(loss: dict | str, weighted: bool) -> bool:
    """Whether a batch's loss is the mean of its micro-batches', by their rows; `weighted` where rows have weights."""
    by_weights = name_and_arguments(loss)[1].get("reduction") == "mean_with_sample_weight"
    return not (is_a_sum(loss) or (by_weights and weighted))


def is_regression(loss: dict | str) -> bool:
    """Whether numbers are learned rather than classes."""
    return name_and_arguments(loss)[0] in OF_NUMBERS
