"""How the numbers of a study came about: training, seeds, statistics, software and hardware."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import yaml

from batchscope.evidence.crossed import FEWEST
from batchscope.files import sha256
from batchscope.imports import CHECKOUT
from batchscope.report.definitions import DEFINITIONS
from batchscope.report.words import basis, capitalized, in_words
from batchscope.results.provenance import trained_by, trained_on
from batchscope.results.workflow import git_state, workflow_state

_PACKAGES = ("scikit-learn", "scipy", "statsmodels", "numpy", "pandas", "matplotlib", "snakemake")
_STATISTICS = {
    "Replicates": "Replicate r has the same initial weights and the same order of rows at every setting, and on new "
    "splits the same split, so settings are compared in pairs; how much that helps says the correlation beside every "
    "comparison. Replicates differ in weights and order; on the study's own split all have the same rows.",
    "Populations": "Of final accuracies and losses there are three answers. Over trainings alone: other trainings on "
    "these very rows. On this split: new rows and new trainings, by the training rows of the split. On new splits: "
    "trainings of which each has a split of its own. Verdicts and recommendation go by the last two; a reported "
    "number, which is of these very rows, by the first. Volatility, epochs to a target, rank correlations and "
    "ensembles are over trainings alone, also on new splits.",
    "Intervals": "Rows and trainings are crossed: every training is tested on the same rows. The variance of a mean is "
    "what trainings and rows contribute, less their interaction, which both count (Cameron, Gelbach and Miller 2011). "
    "Intervals are studentised, each side by itself: 999 resamples of trainings and rows (Owen 2007) say how far means "
    "lie from the truth in their own standard errors. The pigeonhole bootstrap alone would count the interaction three "
    "times. They are never narrower than Student's t, nor than the interval over trainings alone. Where all rows are "
    "right, or two settings differ at none, the bound is that of Clopper and Pearson (1934). On new splits a training "
    "knows its own test rows alone, and the same formula holds of an incomplete table; that training rows overlap "
    "between splits is not in it.",
    "Coverage": "Of simulated studies with accuracies in steps of 1/500, skewed by 7 % bad trainings, the 95 % "
    "intervals for new rows hold the truth in 97 % with 6 trainings and in 96 % with 10 to 30. Over trainings alone, "
    "with 7 % bad ones, 6 hold it in about 96 %, 10 in 91 % and 30 in 94 %: what happened in none of a few trainings "
    "no interval knows.",
    "Small numbers": f"Fewer than {FEWEST} trainings decide nothing. P values have no floor beyond 1 of 1,000.",
    "Censoring": "Where a replicate never reaches the target, times are restricted to the length of the shortest "
    "training compared, with which it counts in means (restricted mean); in medians it counts as later than that.",
    "Comparisons": "Mean paired difference from the reference. In every resample the largest distance of all settings "
    "counts, so p values are adjusted for their number (max-T, step by step; Westfall and Young 1993). Equivalent: the "
    "90 % interval lies inside the margin; better or worse: adjusted p at most 0.05; both are said where both hold; "
    "else undecided. Superiority is the share of pairs in which the setting is better; 0.75 is where it begins to "
    "matter (Bouthillier et al. 2021).",
    "Recommendation": "Against the setting with the best mean, chosen on the same trainings. So a setting counts as "
    "worse only where it is further from the best than the furthest pair of settings is by luck, in the same "
    "resamples, at a level of 5 %. Then the same with those that are left, until none leaves; all that are truly "
    "best stay together in 95 % of studies (model confidence set; Hansen, Lunde and Nason 2011). What lies inside "
    "the margin is not distinguishable either. A setting of which more than a tenth diverged is taken only where "
    "nothing else is left. Of what is left the first in epochs to the target is taken. More replicates or rows: with "
    "a power of 80 %, were the measured difference the true one, from the parts of its variance.",
    "Metrics": "Balanced accuracy, macro F1 and ROC AUC are scikit-learn's, of the classes that there are among the "
    "rows. As these are no means over rows, every row counts with what it moves the metric by (its influence function; "
    "for ROC AUC DeLong, DeLong and Clarke-Pearson 1988), and all above holds of them too. Where no row at all is "
    "wrong, their interval is that of an accuracy, which is too narrow where a class is rare.",
    "Weights of classes": "Those of `class_weight` multiply the loss of training rows, as in Model.fit, so the "
    "training loss is a weighted one. Test and validation rows are not weighted.",
    "Numbers that are learned": "They are standardised by the training rows, so a mean squared error of 1 is that of "
    "always predicting their mean. RMSE and MAE are in the target's own unit.",
    "Convergence": "A training has converged at the first epoch at most 0.01 worse than its mean over the last "
    "quarter.",
    "Seconds": "Those of training with evaluation after every epoch, without compiling and without drawing the batch "
    "orders. A replicate's seconds are its share of its stack's, by the median pace over the stretches of training "
    "after the first, which warms up; those of a schedule are as measured. Every batch size is timed in a process of "
    "its own; a probe (`pace`) goes through all of them in turn, in several processes.",
    "Claims": "Stated in the config beforehand. A claim holds where the whole interval is where it was expected (95 % "
    "for one bound, 90 % for two), does not hold where the whole 95 % interval is elsewhere, else is undecided. "
    "Claims are judged one by one; their p values adjusted over all claims of the study stand beside (Holm 1979).",
}


def methods_table(study: dict, timings: list[Path], files: Sequence[str | Path] = ()) -> pd.DataFrame:
    """Two columns, what and how.

    Args:
        study: as in `batchscope.study.plan.Plan.described`; its `spec` is as in the config, with all defaults.
        timings: those of its training jobs, which say on what hardware they ran.
        files: those of the user's that it is made of.
    """
    keys = (
        *("dataset", "split", "scaler", "model", "optimizer", "learning_rate_schedule", "loss"),
        *("program", "histories", "train_rows", "epochs", "replicates"),
        *("new_splits", "engine", "dtype_policy", "dense_gradients", "micro_batch_size", "class_weight"),
    )
    spec, score = study["spec"], study["score"]
    rows = {key.replace("_", " ").capitalize(): _yaml(spec[key]) for key in keys if key in spec}
    if files:
        rows["Files"] = ", ".join(f"{path} sha256:{sha256(path)}" for path in files)
    rows["Judged by"] = ", ".join([in_words(score), *(f"beside it {in_words(each)}" for each in study["metrics"])])
    on = "the test rows" + ", and for the recommendation on the validation rows" * (study["part"] == "validation")
    target = f"a {in_words(score)} of {study['target']:g}"
    rows["Target"] = f"{target}; epochs, updates and seconds to it are counted on {on}"
    rows["Seeds"] = _seeds(spec)
    rows |= _STATISTICS
    if sentences := basis(study["paired"], study["of_rows"]):
        rows["Of this study"] = " ".join(sentences)
    rows |= {capitalized(word): meaning for word, meaning in DEFINITIONS.items()}
    compared = (f"test_{score}", f"test_{score}_volatility", "epochs_to_target")
    rows["Margins"] = _yaml({measure: study["margins"][measure] for measure in compared})
    rows["Software"] = ", ".join(
        [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in _PACKAGES)]
    )
    rows["Workflow"] = workflow_in_words(workflow_state(CHECKOUT), git_state(CHECKOUT))
    rows["Trained by"] = _with_names(trained_by(timings))
    on = trained_on(timings)
    rows["Trained on"] = _with_names(on) if len(on) > 1 else "".join(on)
    return pd.DataFrame({"what": rows.keys(), "how": rows.values()})


def _seeds(spec: dict) -> str:
    if "program" in spec:
        return f"{spec['seed']} and those that follow, one for each replicate, the same at every setting"
    if "histories" in spec:
        return f"those of the runs; {spec['seed']} of the intervals"
    return f"study {spec['seed']}, split {spec['split']['seed']}; that of the dataset stands in its arguments"


def workflow_in_words(state: dict, git: dict | None) -> str:
    """Version and commit, as from `batchscope.results.provenance.workflow_state` and `git_state`."""
    commit = "not from a git checkout" if git is None else f"commit {git['commit']}" + " with changes" * git["dirty"]
    return f"Batchscope {state['version']}, {commit}, SHA-256 of its files {state['sha256']}"


def _with_names(said: dict[str, list[str]]) -> str:
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in said.items())


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6).removesuffix("...\n").strip()
