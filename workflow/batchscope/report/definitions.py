"""What the words of the tables mean, each in a sentence or two: shown at the heads of tables and on the page of
methods.
"""

from batchscope.evidence.crossed import FEWEST
from batchscope.report.words import GUESSING, SCORES

_ANEW = "new trainings, and for new rows where these are known one by one"
# The head of a column, or a word -> what it means.
DEFINITIONS = {
    "measured": "The mean over trainings, with its 95 % interval for new trainings, and for new rows too where the "
    "measure is a mean over rows that are known one by one. Times to a target are restricted means "
    "here and medians in the summary and the figures.",
    "over trainings alone": "The 95 % interval for new trainings on these very rows: what differs is their weights and "
    "the order of their batches.",
    "on this split": f"The verdict for {_ANEW}, by the training rows of this split and its test rows. A claim about "
    "the very rows that were tested on, as a reported number is, is judged over trainings alone.",
    "on new splits": "The verdict by trainings of which each has a split of its own. Not judged: a claim about these "
    "very rows, about seconds or ensembles, and where the study trains on no new splits.",
    "measured on new splits": "The same mean over trainings of which each has a split of its own.",
    "difference": "The mean over pairs of setting minus reference. A pair are the trainings with the same seed, "
    "tested on the same rows. Of runs that share no seeds, the difference of both means.",
    "difference on new splits": "The same over pairs that share their split too.",
    "p": f"Of the difference being 0, for {_ANEW}, adjusted over the settings compared in the "
    "measure: how often the largest distance of all of them is as large by luck (max-T).",
    "p (Holm)": "Of the number being where it is by luck alone, adjusted over all claims of the study.",
    "superiority": "How often the setting is better: in so many of the pairs or, of runs that share no seeds, of all "
    "combinations of one of each. Ties are counted half. With its 95 % interval.",
    "more often": "Mostly better: superiority is above 0.5 and reaches 0.75; mostly worse the other way round; about "
    "as often: all of it lies between 0.25 and 0.75.",
    "correlation": "Of setting and reference, over trainings. What pairing takes off the variance: nothing at 0, and "
    "at less than 0 it adds to it.",
    "trainings": "Those of the setting and of the reference that did not diverge, where they are no pairs.",
    "pairs": "Trainings that diverged at neither setting.",
    "never": "Trainings that did not reach the target. They count with the length of the shortest training compared.",
    "expected": "Where the claim says that the number is.",
    "source": "Where the claim was made.",
    "basis": "Of a claim about settings of other studies: which, and whether equal replicates of two studies are "
    "pairs. Of a number that is fitted to all settings: why it is not determined, where it is not.",
    "reported": "The number that the claim's source gives.",
    "percentile": "The share of replicates below the reported number, ties counted half.",
    **{
        f"{part} {score}": f"The mean over trainings after the last epoch, with its 95 % interval for {_ANEW}."
        for part in ("test", "validation")
        for score in SCORES.values()
    },
    **{
        f"test {score} on new splits": "The same over trainings of which each has a split of its own."
        for score in SCORES.values()
    },
    GUESSING: "The test score of a model that always says the class which most training rows of this split have.",
    "balanced accuracy": "The mean over classes of the share of their rows that are right. Guessing has 1 divided by "
    "the number of classes.",
    "macro F1": "The mean over classes of the harmonic mean of precision and recall.",
    "ROC AUC": "The probability that a row of a class gets a higher output for it than a row of the others; of more "
    "than two classes the mean over them. Guessing has 0.5.",
    **{
        f"{part} {error}": f"The {meaning} on {part} rows after the last epoch, in the target's unit: the mean over "
        "trainings, with its 95 % interval over trainings alone."
        for part in ("test", "validation")
        for error, meaning in (("RMSE", "root of the mean squared error"), ("MAE", "mean absolute error"))
    },
    "train loss": "As Keras has it, the running mean over the batches since the measurement before, as a rule those of "
    "an epoch, each before its update; of runs what they wrote.",
    "seconds per replicate": "Of runs those of each by itself. Else of all that are trained together in one stack, "
    "divided by their number, evaluation included and without compiling; one training alone takes longer.",
    "seconds alone": "Of one training alone with the same engine, by a short probe.",
    "seconds Model.fit": "Of one training with Keras's own Model.fit, by a short probe.",
    "volatility": "The standard deviation (n below the line) of a training's test score over the last quarter of its "
    "epochs, averaged over trainings.",
    "late mean": "The mean test score over the last quarter of the epochs. The last epoch alone is a noisier draw.",
    "best epoch": "The first with the best score on validation rows, and the test score there. Without validation rows "
    "there is none, as a test score that chose its own epoch flatters itself.",
    "epochs to target": "The median over trainings of the first epoch that is at the target and from which on the mean "
    "of 5 epochs is; measurements count where they do not end epochs. A training that never gets there counts as later "
    "than all others.",
    "first touch": "The first epoch at the target, though later ones may fall below it again.",
    "reached": "The share of trainings that got to the target.",
    "sd": "The standard deviation over trainings, with n - 1 below the line.",
    "interquartile mean": "The mean of the middle half of the trainings, which single bad ones do not move.",
    "train accuracy": "As Keras has it, the running mean over the batches since the measurement before, as a rule "
    "those of an epoch, each before its update; of runs what they wrote. Of large batches a running mean lags behind, "
    "so test minus train accuracy cannot be compared across batch sizes.",
    "rank correlation": "Kendall's tau-b of a training's measure with the batch size, where equal values count as "
    "ties, tau-a of runs that share no seeds; 0 where all are equal. Its mean over trainings, and its interval over "
    "trainings alone.",
    "usable octaves": "How wide, in doublings, the learning rates lie at which a training's final test score reaches "
    "the target: each rate half way to both neighbours. One at which it diverged is not usable.",
    "diverged": "A training whose loss stopped being finite. It is counted, and left out of means, comparisons and "
    "claims.",
    "undecided": f"Neither shown nor excluded. Fewer than {FEWEST} trainings decide nothing, nor do times that most "
    "did not reach.",
}
# Those that only studies have of which single rows are known, as what Keras trains is.
_OF_ROWS = (
    *("over trainings alone", "train loss", "train accuracy", "seconds per replicate", "seconds alone"),
    *("seconds Model.fit", GUESSING),
    *(f"{part} {error}" for part in ("test", "validation") for error in ("RMSE", "MAE")),
)
_OF_PAIRS, _OF_GROUPS = ("pairs", "correlation", "rank correlation"), ("trainings",)


def definitions(paired: bool, of_rows: bool) -> dict[str, str]:
    """The definitions that a study needs; see `batchscope.report.words.basis`."""
    others = {*(_OF_GROUPS if paired else _OF_PAIRS), *(() if of_rows else _OF_ROWS)}
    return {word: meaning for word, meaning in DEFINITIONS.items() if word not in others}
