"""The studies of a config: read strictly, and checked against scikit-learn and Keras before anything runs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import yaml

from batchscope.errors import ConfigError
from batchscope.files import digest, is_as_written, replacing
from batchscope.imports import LIBRARY, code_digest
from batchscope.study.config import check_config, read_file
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.limits import Limits, too_large
from batchscope.study.mistakes import mistakes
from batchscope.study.needs import Size, size_in_config
from batchscope.study.plan import Plan
from batchscope.study.runs_plan import HistoriesPlan, ProgramPlan
from batchscope.study.setting import Setting, setting_in_words
from batchscope.study.userfiles import file_mistakes, files_of, found, with_paths

# The keys of a study that its facts depend on.
_ASKED_OF = (
    *("dataset", "split", "new_splits", "variance", "seed", "scaler"),
    *("model", "optimizer", "loss", "class_weight", "learning_rate_schedule", "beta_2_at"),
    *("dtype_policy", "dense_gradients", "engine", "keep", "noise_scale", "explorer"),
)
_ASKED_OF_HISTORIES = ("histories", "score")


def read_studies(
    config: dict, files: list[str | Path], cache: Path, limited: bool = True
) -> tuple[dict[str, Plan], dict]:
    """The studies of a config by name, and the config with every default filled in.

    Args:
        files: the config's files, looked at once more for what merging them hides.
        cache: a folder in which is kept what scikit-learn and Keras said of a study, so that they are asked only once.
        limited: whether a study that needs more memory or disk than the config's `limits` is refused.

    Raises:
        ConfigError: a mistake in the config; the message has a line for every one.
    """
    for file in files:
        read_file(file)
    config = check_config(config)
    config["studies"] = {name: with_paths(spec, found) for name, spec in config["studies"].items()}
    limits = Limits(config) if limited else None
    _refuse(f"{name}.{line}" for name, spec in config["studies"].items() for line in file_mistakes(spec))
    of_keras = {name: spec for name, spec in config["studies"].items() if "dataset" in spec}
    if limited:  # as far as is known before data and models are made
        sizes = {name: size_in_config(spec) for name, spec in of_keras.items()}
        studies = {name: KerasPlan(name, spec, sizes[name].rows[0], 0) for name, spec in of_keras.items()}
        _refuse(f"{name}.{line}" for name in studies for line in too_large(studies[name], sizes[name], limits))
    facts = _facts(config["studies"], cache, limits.memory if limited else None)
    sizes = {name: Size(**facts[name].pop("size")) for name in of_keras}
    studies = {name: make_study(name, spec, facts.get(name, {})) for name, spec in config["studies"].items()}
    config["studies"] = {name: study.spec for name, study in studies.items()}
    _refuse(f"{name}.{line}" for name, study in studies.items() for line in mistakes(study, studies))
    if limited:
        _refuse(f"{name}.{line}" for name in sizes for line in too_large(studies[name], sizes[name], limits))
    return studies, config


def make_study(name: str, spec: dict, facts: dict) -> Plan:
    """The study of a kind, by the keys that it has.

    Args:
        facts: as from `batchscope.training.facts.find_facts`; a program has none.
    """
    if "program" in spec:
        return ProgramPlan(name, spec, spec["train_rows"])
    if "histories" in spec:
        settings = [Setting(*run[0]) for run in facts["runs"]]
        there = {
            "batch_sizes": sorted({setting.batch_size for setting in settings}),
            "learning_rates": sorted({setting.learning_rate for setting in settings}),
        }
        return HistoriesPlan(name, there | spec, spec["train_rows"], facts["runs"])
    return KerasPlan(name, spec, **facts)


def _refuse(lines: Iterable[str]) -> None:
    """Raise an error that has all the mistakes made in studies, if there are any."""
    if lines := [f"studies.{mistake}" for mistake in lines]:
        raise ConfigError("", "\n".join(lines))


def _facts(specs: dict[str, dict], cache: Path, memory: float | None) -> dict[str, dict]:
    """The facts of each study, from the cache where the same was asked before; `memory` is as `_ask` takes it."""
    questions = {
        name: {key: spec[key] for key in (_ASKED_OF_HISTORIES if "histories" in spec else _ASKED_OF) if key in spec}
        for name, spec in specs.items()
        if "program" not in spec  # of which nothing is known before it runs
    }
    paths = {name: cache / f"{_digest(question)}.json" for name, question in questions.items()}
    known = {name: facts for name, path in paths.items() if (facts := _kept(path))}
    unknown = [name for name in questions if name not in known]
    asking = {paths[name]: name for name in reversed(unknown)}  # the first of those that ask the same
    answered = (
        _ask({name: questions[name] for name in unknown if asking[paths[name]] == name}, memory) if unknown else {}
    )
    answers = {name: dict(answered[asking[paths[name]]]) for name in unknown}
    _refuse(f"{name}.{line}" for name, answer in answers.items() for line in answer.get("error", "").splitlines())
    for name, answer in answers.items():
        cache.mkdir(parents=True, exist_ok=True)
        with replacing(paths[name]) as temporary:
            temporary.write_text(json.dumps(answer))
    return known | answers


def _kept(path: Path) -> dict | None:
    """The facts that are kept in a file; None where it is not there or is damaged, so that they are asked again."""
    try:
        return json.loads(path.read_text()) if is_as_written(path) else None
    except (OSError, ValueError):
        return None


def _digest(question: dict) -> str:
    """Changes with the question, its files' names and content, the code that answers it and the libraries asked."""
    versions = [
        version(name) for name in ("keras", "numpy", "openpyxl", "pandas", "pyarrow", "scikit-learn", "tensorflow")
    ]
    files = files_of(question)
    words = [yaml.safe_dump([question, versions, files]), code_digest(LIBRARY / "training" / "facts.py")]
    return digest(words, [path for path in files if os.access(path, os.R_OK)])  # others are told where read


def _ask(questions: dict[str, dict], memory: float | None) -> dict[str, dict]:
    """The answers of scikit-learn and Keras, in a process that takes no more than so many bytes of `memory`."""
    answer = subprocess.run(
        [sys.executable, LIBRARY.parent / "scripts" / "find_facts.py"],
        input=json.dumps({"memory": memory, "studies": questions}),
        # Without GPUs, which would round more coarsely than what the check of the engine calls rounding.
        env=os.environ | {"PYTHONPATH": str(LIBRARY.parent), "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
    )
    if answer.returncode < 0:
        ended = signal.Signals(-answer.returncode).name
        raise ConfigError(
            "studies",
            f"{' or '.join(questions)} cannot be checked: the process that makes the data and the model once ended by "
            f"{ended}, as it does where memory runs out; make them smaller",
        )
    if answer.returncode != 0:
        raise RuntimeError(f"scikit-learn and Keras could not be asked about the studies:\n{answer.stderr}")
    return json.loads(answer.stdout.splitlines()[-1])


def remarks(study: Plan, studies: dict[str, Plan]) -> Iterator[str]:
    """A line for what is asked of a study and is left out, and for what cannot be noticed."""
    if isinstance(study, ProgramPlan) and not study.files:
        yield (
            f"studies.{study.name}: neither its command nor `files` names a file, so a change of the program is not "
            "noticed; name in `program.files` what it is made of"
        )
    if claims := study.not_tested(studies):
        yield f"studies.{study.name}: not tested, as a setting that they are about is not trained: {', '.join(claims)}"
    reference = study.spec["comparisons"].get("reference")
    if reference is not None and not study.is_trained(reference):
        chosen = setting_in_words(study.comparisons["reference"])
        yield f"studies.{study.name}: the reference of comparisons is not trained; all are compared with {chosen}"
