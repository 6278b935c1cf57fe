"""A study as the workflow needs it: its settings, and the part of it that each rule depends on."""

import hashlib
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from batchscope.config import check_config, check_file
from batchscope.errors import ConfigError
from batchscope.files import replacing

# The keys of a study that its facts depend on.
_ASKED_OF = ("dataset", "split", "model", "optimizer", "loss")
_LIBRARY = Path(__file__).parent


@dataclass(frozen=True)
class Study:
    """A checked study: `spec` as in the config with all defaults, and the number of training rows."""

    name: str
    spec: dict
    train_rows: int

    @property
    def title(self) -> str:
        return self.spec.get("title", self.name)

    def rows(self, batch_size: int | str) -> int:
        """A batch size as a number; `full` is the number of training rows."""
        return self.train_rows if batch_size == "full" else batch_size

    @property
    def settings(self) -> dict[int | str, list[float]]:
        """The learning rates to train at each batch size, for the panels and the single figures together.

        A number that is written both as such and as `full` is one batch size, under the first spelling.
        """
        wanted = [(batch, rate) for batch in self.spec["batch_sizes"] for rate in self.spec["learning_rates"]]
        wanted += [(curve["batch_size"], curve["learning_rate"]) for curve in self.spec["learning_curves"].values()]
        spelling: dict[int, int | str] = {}
        settings: dict[int | str, list[float]] = {}
        for batch, rate in wanted:
            rates = settings.setdefault(spelling.setdefault(self.rows(batch), batch), [])
            if rate not in rates:
                rates.append(float(rate))
        return {batch: sorted(rates, reverse=True) for batch, rates in settings.items()}

    @property
    def data(self) -> dict:
        """What the dataset depends on."""
        return {key: self.spec[key] for key in ("dataset", "split")}

    def training(self, batch_size: int | str) -> dict:
        """What the training at one batch size depends on."""
        keys = ("model", "optimizer", "loss", "epochs", "replicates", "seed", "engine")
        return {key: self.spec[key] for key in keys} | {
            "batch_size": self.rows(batch_size),
            "learning_rates": self.settings[batch_size],
        }

    @property
    def metrics(self) -> dict:
        """What the metrics depend on beside the histories."""
        return {key: self.spec[key] for key in ("target_accuracy", "seed")} | {"train_rows": self.train_rows}

    @property
    def panels(self) -> dict:
        """What the figure with a panel per batch size depends on."""
        return {
            "title": self.title,
            "batch_sizes": [self.rows(batch) for batch in self.spec["batch_sizes"]],
            "learning_rates": self.spec["learning_rates"],
        }

    def curve(self, name: str) -> dict:
        """What a single learning-curve figure depends on."""
        curve = self.spec["learning_curves"][name]
        return {
            "title": f"{self.title}: {name.replace('_', ' ')}",
            "batch_size": self.rows(curve["batch_size"]),
            "learning_rate": curve["learning_rate"],
        }

    def updates(self, batch_size: int | str) -> int:
        """Updates of one training: a short last batch counts as one."""
        return math.ceil(self.train_rows / self.rows(batch_size)) * self.spec["epochs"]


def read_studies(config: dict, files: list[str | Path], cache: Path) -> tuple[dict[str, Study], dict]:
    """The studies of a config by name, and the config with every default filled in.

    `files` are the config's files, looked at once more for what merging them hides. What scikit-learn and Keras said
    of a study is kept in the folder `cache`, so they are asked only once.

    Raises:
        ConfigError: a mistake in the config; the message has a line for every one.
    """
    for file in files:
        check_file(file)
    config = check_config(config)
    facts = _facts(config["studies"], cache)
    studies = {name: Study(name, spec, **facts[name]) for name, spec in config["studies"].items()}
    mistakes = [line for study in studies.values() for line in _too_large(study)]
    if mistakes:
        raise ConfigError("", "\n".join(mistakes))
    return studies, config


def _too_large(study: Study) -> list[str]:
    place = f"studies.{study.name}"
    places = {f"{place}.batch_sizes[{index}]": batch for index, batch in enumerate(study.spec["batch_sizes"])}
    for name, curve in study.spec["learning_curves"].items():
        places[f"{place}.learning_curves.{name}.batch_size"] = curve["batch_size"]
    mistakes = [
        f"{place}: {batch} is above the {study.train_rows} training rows; take at most that, or full"
        for place, batch in places.items()
        if study.rows(batch) > study.train_rows
    ]
    panels = [study.rows(batch) for batch in study.spec["batch_sizes"]]
    if len(set(panels)) < len(panels):
        mistakes.append(f"{place}.batch_sizes: {study.train_rows} is repeated, as a number and as full; keep one")
    return mistakes


def _facts(specs: dict[str, dict], cache: Path) -> dict[str, dict]:
    """The facts of each study, from the cache where the same was asked before."""
    questions = {name: {key: spec[key] for key in _ASKED_OF} for name, spec in specs.items()}
    paths = {name: cache / f"{_digest(question)}.json" for name, question in questions.items()}
    unknown = {name: question for name, question in questions.items() if not paths[name].exists()}
    answers = _ask(unknown) if unknown else {}
    mistakes = [f"studies.{name}.{answer['error']}" for name, answer in answers.items() if "error" in answer]
    if mistakes:
        raise ConfigError("", "\n".join(mistakes))
    for name, answer in answers.items():
        cache.mkdir(parents=True, exist_ok=True)
        with replacing(paths[name]) as temporary:
            temporary.write_text(json.dumps(answer))
    return {name: json.loads(path.read_text()) for name, path in paths.items()}


def _digest(question: dict) -> str:
    """Changes with the question, with the code that answers it and with the libraries asked."""
    code = b"".join(path.read_bytes() for path in sorted(_LIBRARY.glob("*.py")))
    versions = [version(name) for name in ("keras", "numpy", "scikit-learn", "tensorflow")]
    text = json.dumps([question, versions], sort_keys=True)
    return hashlib.sha256(text.encode() + code).hexdigest()


def _ask(questions: dict[str, dict]) -> dict[str, dict]:
    answer = subprocess.run(
        [sys.executable, "-m", "batchscope.facts"],
        input=json.dumps(questions),
        env=os.environ | {"PYTHONPATH": str(_LIBRARY.parent)},
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        raise RuntimeError(f"scikit-learn and Keras could not be asked about the studies:\n{answer.stderr}")
    return json.loads(answer.stdout.splitlines()[-1])
