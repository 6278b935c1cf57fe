"""How the numbers of a study came about: training, seeds, statistics, software and hardware."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import yaml

from batchscope.files import sha256
from batchscope.imports import CHECKOUT
from batchscope.report.definitions import definitions
from batchscope.report.statistics import statistics_in_words
from batchscope.report.words import capitalized, in_words
from batchscope.results.provenance import trained_by, trained_on
from batchscope.results.workflow import git_state, workflow_state

_PACKAGES = ("scikit-learn", "scipy", "statsmodels", "numpy", "pandas", "matplotlib", "snakemake")


def methods_table(study: dict, timings: list[Path], files: Sequence[str | Path] = ()) -> pd.DataFrame:
    """Two columns, what and how.

    Args:
        study: as in `batchscope.study.plan.Plan.described`; its `spec` is as in the config, with all defaults.
        timings: those of its training jobs, which say on what hardware they ran.
        files: those of the user's that it is made of.
    """
    keys = (
        *("dataset", "split", "scaler", "model", "optimizer", "learning_rate_schedule", "loss"),
        *("program", "histories", "train_rows", "epochs", "updates", "evaluate_every", "learning_rates", "warmup"),
        *("replicates", "new_splits", "engine", "dtype_policy", "dense_gradients", "micro_batch_size", "class_weight"),
        "beta_2_at",
    )
    spec, score = study["spec"], study["score"]
    rows = {key.replace("_", " ").capitalize(): _yaml(spec[key]) for key in keys if key in spec}
    if files:
        rows["Files"] = ", ".join(f"{path} sha256:{sha256(path)}" for path in files)
    rows["Judged by"] = ", ".join([in_words(score), *(f"beside it {in_words(each)}" for each in study["metrics"])])
    on = "the test rows" + ", and for the recommendation on the validation rows" * (study["part"] == "validation")
    target = f"{'an' if score == 'accuracy' else 'a'} {in_words(score)} of {study['target']:g}"
    rows["Target"] = f"{target}; epochs, updates and seconds to it are counted on {on}"
    rows["Seeds"] = _seeds(spec)
    rows |= statistics_in_words(study)
    rows |= {capitalized(word): meaning for word, meaning in definitions(study["paired"], study["of_rows"]).items()}
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
