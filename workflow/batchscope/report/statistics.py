"""How the numbers of a study are reckoned, in words: what is so for its kind."""

from batchscope.evidence.crossed import FEWEST
from batchscope.report.words import ROWS_NOT_KNOWN, SHARE_NO_SEEDS
from batchscope.study.scores import METRICS
from batchscope.study.study import settings_named

_IN_PAIRS = "so settings are compared in pairs; how much that helps says the correlation beside every comparison. "
# Where replicates are pairs, by what trains.
_REPLICATES = {
    "dataset": "Replicate r has the same initial weights and the same order of rows at every setting, and on new "
    f"splits the same split, {_IN_PAIRS}Replicates differ in weights and order; on the study's own split all have the "
    "same rows.",
    "program": f"Replicate r is given the same seed at every setting, {_IN_PAIRS}What follows from the seed is the "
    "program's: the initial weights, the order of the rows.",
    "histories": f"Equal replicates are taken to have the same seed at every setting, {_IN_PAIRS}Where one of them is "
    "missing, only pairs that are whole are compared.",
}
_POPULATIONS = (
    "Of final accuracies and losses there are three answers. Over trainings alone: other trainings on "
    "these very rows. On this split: new rows and new trainings, by the training rows of the split. On new splits: "
    "trainings of which each has a split of its own. Verdicts and recommendation go by the last two; a reported "
    "number, which is of these very rows, by the first. Volatility, epochs to a target, rank correlations and "
    "ensembles are over trainings alone, also on new splits."
)
_INTERVALS_FOR_NEW_ROWS = (
    "Rows and trainings are crossed: every training is tested on the same rows. The variance of a mean is "
    "what trainings and rows contribute, less their interaction, which both count (Cameron, Gelbach and Miller 2011). "
    "Intervals are studentised, each side by itself: 999 resamples of trainings and rows (Owen 2007) say how far means "
    "lie from the truth in their own standard errors. The pigeonhole bootstrap alone would count the interaction three "
    "times. They are never narrower than Student's t, nor than the interval over trainings alone. Where all rows are "
    "right, or two settings differ at none, the bound is that of Clopper and Pearson (1934). On new splits a training "
    "knows its own test rows alone, and the same formula holds of an incomplete table; that training rows overlap "
    "between splits is not in it."
)
_INTERVALS = (
    "They are studentised, each side by itself: 999 resamples of trainings say how far means lie from the truth in "
    "their own standard errors. They are never narrower than Student's t."
)
_INTERVALS_OF_GROUPS = (
    "Of two settings each is resampled by itself, with the degrees of freedom of Welch (1947) and Satterthwaite "
    "(1946), and no interval is narrower than Welch's."
)
_COVERAGE_FOR_NEW_ROWS = (
    "Of simulated studies with accuracies in steps of 1/500, skewed by 7 % bad trainings, the 95 % intervals for new "
    "rows hold the truth in 97 % with 6 trainings and in 96 % with 10 to 30."
)
_COVERAGE = (
    "Over trainings alone, with 7 % bad ones, 95 % intervals of simulated studies hold the truth in about 96 % with 6 "
    "trainings, in 91 % with 10 and in 94 % with 30: what happened in none of a few trainings no interval knows."
)
_COVERAGE_OF_GROUPS = (
    "Of the difference of two groups with such bad trainings they hold it in 97 to 98 % where both have as many, and "
    "in 93 to 96 % with 6 and 20."
)
_SMALL_NUMBERS = f"Fewer than {FEWEST} trainings decide nothing. P values have no floor beyond 1 of 1,000."
_CENSORING = (
    "Where a replicate never reaches the target, times are restricted to the length of the shortest "
    "training compared, with which it counts in means (restricted mean); in medians it counts as later than that."
)
_VERDICTS = (
    "In every resample the largest distance of all settings counts, so p values are adjusted for their number (max-T, "
    "step by step; Westfall and Young 1993). Equivalent: the 90 % interval lies inside the margin; better or worse: "
    "adjusted p at most 0.05; both are said where both hold; else undecided."
)
_COMBINATIONS = "combinations of a training of either (Mann and Whitney 1947)"
_RECOMMENDATION = (
    "Against the setting with the best mean, chosen on the same trainings. So a setting counts as "
    "worse only where it is further from the best than the furthest pair of settings is by luck, in the same "
    "resamples, at a level of 5 %, or where Student's t has it as worse at 0.1 % for all pairs together, so that a few "
    "erratic settings hide no others. Then the same with those that are left, until none leaves; all that are truly "
    "best stay together in 95 % of studies (model confidence set; Hansen, Lunde and Nason 2011). What lies inside "
    "the margin is not distinguishable either. A setting of which more than a tenth diverged is taken only where "
    "nothing else is left. Of what is left the first in epochs to the target is taken."
)
_MORE = "More replicates: with a power of 80 %, were the measured difference the true one, from its variance."
_MORE_OR_ROWS = (
    "More replicates or rows: with a power of 80 %, were the measured difference the true one, from the parts of its "
    "variance."
)
_METRICS = (
    "Balanced accuracy, macro F1 and ROC AUC are scikit-learn's, of the classes that there are among the "
    "rows. As these are no means over rows, every row counts with what it moves the metric by (its influence function; "
    "for ROC AUC DeLong, DeLong and Clarke-Pearson 1988), and all above holds of them too. Where no row at all is "
    "wrong, their interval is that of an accuracy, which is too narrow where a class is rare."
)
_METRICS_OF_RUNS = "As the runs wrote them, and so are losses and accuracies."
_WEIGHTS = (
    "Those of `class_weight` multiply the loss of training rows, as in Model.fit, so the training loss is a weighted "
    "one. Test and validation rows are not weighted."
)
_NUMBERS = (
    "They are standardised by the training rows, so a mean squared error of 1 is that of always predicting their mean. "
    "RMSE and MAE are in the target's own unit."
)
_CONVERGENCE = "A training has converged at the first epoch at most 0.01 worse than its mean over the last quarter."
_SECONDS = {
    "dataset": "Those of training with all its evaluations, without compiling and without drawing the batch "
    "orders. A replicate's seconds are its share of its stack's, by the median pace over the stretches of training "
    "after the first, which warms up; those of a schedule are as measured. Every batch size is timed in a process of "
    "its own; a probe (`pace`) goes through all of them in turn, in several processes.",
    "program": "Of each run by itself: as its history says, else from its start to its end, with all that the program "
    "does. They are spread evenly over its epochs.",
    "histories": "Of each run by itself, as its history says; else there are none. They are spread evenly over its "
    "epochs.",
}
_CLAIMS = (
    "Stated in the config beforehand. A claim holds where the whole interval is where it was expected (95 % "
    "for one bound, 90 % for two), does not hold where the whole 95 % interval is elsewhere, else is undecided. "
    "Claims are judged one by one; their p values adjusted over all claims of the study stand beside (Holm 1979)."
)
_STEPS = (
    "Of a replicate the updates at its first measurement at the result; of a batch size their median over replicates, "
    "one that never gets there coming last, at the learning rate with the lowest median, chosen on the validation rows "
    "where there are any (Shallue et al. 2019). 999 samples of replicates, in which the rate is chosen anew, give the "
    "standard error on the log scale, expanded by n / (n - 1) and times Student's t; intervals move by half of what "
    "choosing the best moves samples by. The law S_min (1 + B_crit / B) is fitted by least squares on the log scale, "
    "also in every sample, to the middle between that measurement and the one before, without batch sizes whose best "
    "rate is the lowest or highest of those tried, or at which most never get there. Intervals are about the rates "
    "tried: the best of one rate per octave takes about 5 % more updates than the best of all."
)
_NOISE = (
    "tr(Sigma) / |G|^2, of the gradients of single training rows, drawn without replacement (McCandlish et al. 2018); "
    "both are estimated without bias, of all training rows, and averaged over moments and replicates before they are "
    "divided. 999 samples of replicates give the standard error on the log scale, expanded by n / (n - 1) and times "
    "Student's t. Where more than 2.5 % of the samples have no gradient above 0 there is a lower bound alone. The "
    "interval of a ratio to the critical batch size is by those of both (Zou and Donner 2008)."
)
_CLAIMS_OF_RUNS = "A claim about what the histories do not have is not measured."
_CLAIMS_ACROSS = (
    "Settings of two studies are compared in pairs where both have the same seed, data, model and loss, else as two "
    "samples over trainings alone; what is so stands beside the claim."
)
_CLAIMS_OF_GROUPS = "Along batch sizes the rank correlation is that expected of one training drawn from each (tau-a)."


def statistics_in_words(study: dict) -> dict[str, str]:
    """What -> how, of all that is reckoned in a study; `study` is as in `batchscope.study.plan.Plan.described`."""
    spec, score, in_pairs, of_rows = study["spec"], study["score"], study["paired"], study["of_rows"]
    kind = next(kind for kind in _REPLICATES if kind in spec)
    named = [setting for claim in spec["claims"].values() for setting in settings_named(claim)]
    groups, asked = not in_pairs, bool(study["metrics"]) or score in METRICS
    parts = {
        "Replicates": [_REPLICATES[kind] if in_pairs else SHARE_NO_SEEDS],
        "Populations": [_POPULATIONS if of_rows else ROWS_NOT_KNOWN],
        "Intervals": [_INTERVALS_FOR_NEW_ROWS if of_rows else _INTERVALS, _INTERVALS_OF_GROUPS * groups],
        "Coverage": [_COVERAGE_FOR_NEW_ROWS * of_rows, _COVERAGE, _COVERAGE_OF_GROUPS * groups],
        "Small numbers": [_SMALL_NUMBERS],
        "Censoring": [_CENSORING],
        "Comparisons": [
            "Mean paired difference from the reference." if in_pairs else "The mean less that of the reference.",
            _VERDICTS,
            f"Superiority is the share of {'pairs' if in_pairs else _COMBINATIONS} in which the setting is better;",
            "0.75 is where it begins to matter (Bouthillier et al. 2021).",
        ],
        "Recommendation": [_RECOMMENDATION, _MORE_OR_ROWS if of_rows else _MORE],
        "Metrics": [_METRICS * asked if of_rows else _METRICS_OF_RUNS],
        "Weights of classes": [_WEIGHTS * ("class_weight" in spec)],
        "Numbers that are learned": [_NUMBERS * (of_rows and score == "loss")],
        "Convergence": [_CONVERGENCE],
        "Seconds": [_SECONDS[kind]],
        "Steps to a result": [_STEPS * ("steps_to_result" in spec)],
        "Gradient noise scale": [_NOISE * ("noise_scale" in spec)],
        "Claims": [
            _CLAIMS,
            _CLAIMS_OF_RUNS * (not of_rows),
            _CLAIMS_OF_GROUPS * groups,
            _CLAIMS_ACROSS * any("study" in setting for setting in named),
        ],
    }
    texts = {name: " ".join(filter(None, of_name)) for name, of_name in parts.items()}
    return {name: text for name, text in texts.items() if text}
