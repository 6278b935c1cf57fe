"""How the numbers of a study came about: training, seeds, statistics, software and hardware."""

import platform
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import yaml

from batchscope.losses import score_of
from batchscope.provenance import git_state, trained_by, trained_on

_PACKAGES = ("scikit-learn", "scipy", "statsmodels", "numpy", "pandas", "matplotlib", "snakemake")
_STATISTICS = {
    "Replicates": "Replicate r has the same initial weights and the same order of rows at every setting, so settings "
    "are compared in pairs. Replicates differ in weights and order; all have the same rows unless these are resampled.",
    "Accuracy and loss": "Train accuracy and loss are running means over the batches of an epoch, each before its "
    "update, as in Keras; those of test and validation rows are measured after the epoch. Numbers that are learned are "
    "standardised by the training rows, so a mean squared error of 1 is that of always predicting their mean. "
    "Volatility is the standard deviation of a replicate's test accuracy (of numbers, test loss) over the last quarter "
    "of the epochs. A replicate has converged at the first epoch at most 0.01 worse than its mean over that quarter.",
    "Intervals": "95 % bootstrap intervals of means over replicates (BCa, 9,999 resamples). With 30 "
    "replicates a one-sided error of 5 % is in truth one of about 6 %, as these intervals are a little narrow. Median "
    "times are Kaplan-Meier medians with their 95 % log-log interval.",
    "Censoring": "Where a replicate never reaches the target, times are restricted to the length of the shortest "
    "training compared, with which it counts in means (restricted mean); in medians it counts as later than that.",
    "Comparisons": "Mean paired difference from the reference; permutation test of the signs of the differences, p "
    "values adjusted by Holm's method over the settings compared in a measure. Equivalent: the 90 % interval lies "
    "inside the margin; better or worse: adjusted p at most 0.05; else undecided. Fewer than 6 pairs decide nothing, "
    "nor do times that in most pairs neither replicate reached.",
    "Recommendation": "Against the setting with the best mean, chosen on the same replicates. So a setting counts as "
    "worse only where it is further from the best than the largest distance within any pair of settings is by luck, at "
    "a level of 5 %: the signs of whole replicates are flipped 1,999 times (Westfall and Young 1993). Then the same "
    "with those that are left, until none leaves; all that are truly best stay together in 95 % of studies (model "
    "confidence set; Hansen, Lunde and Nason 2011). What lies inside the margin is not distinguishable either. More "
    "replicates: by a t test of paired differences with a power of 80 %, were the measured difference the true one; "
    "its level is 5 % over the number of pairs that are left.",
    "Claims": "Stated in the config beforehand. A claim holds where the whole interval is where it was expected (95 % "
    "for one bound, 90 % for two), does not hold where the whole 95 % interval is elsewhere, else is undecided. "
    "Claims are judged one by one, without adjustment for their number.",
    "Seconds": "Of training alone, without compilation. Replicates are trained together; a replicate's seconds are its "
    "share. Intervals of seconds per epoch are over stretches of the training; those of seconds to target hold the "
    "differences in epochs alone.",
    "Diverged": "A replicate whose loss stopped being finite: counted, and left out of means, comparisons and claims; "
    "in median times it counts as what it did before.",
}


def methods_table(spec: dict, target: float, timings: list[Path]) -> pd.DataFrame:
    """Two columns, what and how.

    Args:
        spec: the study as in the config, with all defaults.
        target: the score that epochs to target are counted to.
        timings: those of its training jobs, which say on what hardware they ran.
    """
    git = git_state(Path(__file__).parent)
    keys = (
        *("dataset", "split", "scaler", "model", "optimizer", "learning_rate_schedule", "loss", "epochs", "replicates"),
        *("engine", "dtype_policy", "micro_batch_size"),
    )
    rows = {key.replace("_", " ").capitalize(): _yaml(spec[key]) for key in keys if key in spec}
    rows["Target"] = f"a test {score_of(spec['loss'])} of {target:g}"
    rows["Seeds"] = f"study {spec['seed']}, split {spec['split']['seed']}; that of the dataset stands in its arguments"
    rows |= _STATISTICS
    rows["Margins"] = _yaml(spec["comparisons"]["margins"])
    rows["Software"] = ", ".join(
        [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in _PACKAGES)]
    )
    rows["Workflow"] = (
        "not from a git checkout" if git is None else f"commit {git['commit']}" + " with changes" * git["dirty"]
    )
    rows["Trained by"] = "; ".join(f"{', '.join(names)}: {words}" for words, names in trained_by(timings).items())
    rows["Trained on"] = "; ".join(trained_on(timings))
    return pd.DataFrame({"what": rows.keys(), "how": rows.values()})


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6).removesuffix("...\n").strip()
