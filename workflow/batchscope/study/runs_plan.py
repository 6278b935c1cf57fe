"""A study whose histories others make: a program of the user's, or runs that are there already."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from batchscope.study.plan import Plan
from batchscope.study.scores import METRICS
from batchscope.study.setting import Setting
from batchscope.study.userfiles import files_in, files_of

# What a program writes -> the end of a run's file; event files are packed, as there may be several.
_SUFFIXES = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "tensorboard": ".zip"}
_EPOCHS_OF_TRIAL = 2
_TRIALS = Path(".snakemake/batchscope/trials")


class RunsPlan(Plan):
    """A study of runs: what each wrote is read in the same way, whoever made it."""

    @property
    def columns(self) -> dict:
        """Our names of columns -> those in the files."""
        raise NotImplementedError

    @property
    def metrics(self) -> list[str]:
        return [metric for metric in METRICS if f"test_{metric}" in self.columns]

    @property
    def has_validation(self) -> bool:
        return f"validation_{self.score}" in self.columns

    @cached_property
    def files(self) -> list[str]:
        return files_of(self.spec)

    @property
    def description(self) -> dict:
        """What is said of all runs."""
        runs = [run for name in self.trainings for run in self.reading(name)["runs"]]
        return {"runs": runs, "score": self.score, "paired": self.paired}

    def reading(self, name: str) -> dict:
        """How the runs at one batch size are read, see `batchscope.results.run_histories.read_runs`."""
        raise NotImplementedError

    @property
    def check(self) -> dict:
        """What is read where one tries whether runs are read rightly."""
        raise NotImplementedError

    def _check(self, reading: dict) -> dict:
        return {"study": self.name, "paired": self.paired, "reading": reading}

    def _reading(self, runs: list[tuple], epochs: int | None = None) -> dict:
        return {
            "runs": runs,
            "columns": self.columns,
            "score": self.score,
            "train_rows": self.train_rows,
            "epochs": epochs,
        }


class ProgramPlan(RunsPlan):
    """A study of a program, which is run for every learning rate and replicate of a batch size."""

    @property
    def columns(self) -> dict:
        return self.spec["program"]["history"]

    @property
    def resources(self) -> dict:
        return self.spec["resources"]

    @property
    def conda(self) -> str | None:
        """The file of an environment, or the name of one."""
        return self.spec["program"].get("conda")

    @property
    def container(self) -> str | None:
        return self.spec["program"].get("container")

    @property
    def at_once(self) -> int:
        return self.spec["program"]["at_once"]

    @property
    def suffix(self) -> str:
        """Of the file of a run."""
        return _SUFFIXES[self.spec["program"]["format"]]

    def program(self, name: str) -> dict:
        """The runs of the program at one batch size, each a learning rate and a replicate."""
        settings = self.trainings[name]
        runs = [
            (setting.learning_rate, replicate) for setting in settings for replicate in range(self.spec["replicates"])
        ]
        return self._program(next(iter(settings)), self.spec["epochs"]) | {"runs": runs}

    @property
    def trial_file(self) -> Path:
        """Where a short run writes."""
        return _TRIALS / f"{self.name}{self.suffix}"

    @property
    def trial(self) -> dict:
        """One short run, at the largest batch size, which has the fewest updates."""
        setting = max(self.settings)
        epochs = self.spec["epochs"]
        if "{epochs}" in self.spec["program"]["command"]:  # else it always trains as many
            epochs = min(_EPOCHS_OF_TRIAL, epochs)
        return self._program(setting, epochs) | {"runs": [(setting.learning_rate, 0)]}

    def _program(self, setting: Setting, epochs: int) -> dict:
        return {
            "study": self.name,
            "words": shlex.split(self.spec["program"]["command"]),
            "batch_size": setting.batch_size,
            "epochs": epochs,
            "seed": self.spec["seed"],
            "train_rows": self.train_rows,
            "format": self.spec["program"]["format"],
            "where": [self.conda, self.container],
        }

    def run_files(self, name: str) -> list[str]:
        """The files that the program writes at one batch size, one for each run, from the folder of the results."""
        return [
            f"runs/batch_size_{name}/learning_rate_{rate!r}_replicate_{replicate}{self.suffix}"
            for rate, replicate in self.program(name)["runs"]
        ]

    def about_runs(self, name: str) -> str:
        """The file that tells of the runs at one batch size, from the same folder."""
        return f"runs/batch_size_{name}/runs.json"

    @property
    def further_results(self) -> list[str]:
        return [path for name in self.trainings for path in (self.about_runs(name), *self.run_files(name))]

    def reading(self, name: str) -> dict:
        of_rate = {setting.learning_rate: setting for setting in self.trainings[name]}
        runs = zip(self.program(name)["runs"], self.run_files(name))
        return self._reading(
            [self._run(of_rate[rate], replicate, path) for (rate, replicate), path in runs], self.spec["epochs"]
        )

    @property
    def check(self) -> dict:
        run = self._run(max(self.settings), 0, str(self.trial_file))
        return self._check(self._reading([run], self.trial["epochs"]))

    def _run(self, setting: Setting, replicate: int, path: str) -> tuple:
        """A run as `batchscope.results.runs.Run` has it."""
        says = {
            "batch_size": setting.batch_size,
            "learning_rate": setting.learning_rate,
            "replicate": replicate,
            "seed": self.spec["seed"] + replicate,
        }
        return setting, replicate, f"replicate {replicate}", path, {}, says


@dataclass(frozen=True)
class HistoriesPlan(RunsPlan):
    """A study of runs that are there, as `batchscope.results.runs.find_runs` finds them."""

    runs: list

    @property
    def columns(self) -> dict:
        return self.spec["histories"]["columns"]

    @property
    def paired(self) -> bool:
        return self.spec["histories"]["paired"]

    @property
    def _wanted(self) -> Iterable[tuple[int, float]]:
        there = {Setting(*run[0]) for run in self.runs}
        return [named for named in super()._wanted if self.setting(*named) in there]

    def reading(self, name: str) -> dict:
        settings = self.trainings[name]
        return self._reading([run for run in self.runs if Setting(*run[0]) in settings])

    @property
    def check(self) -> dict:
        return self._check(self._reading([run for run in self.runs if Setting(*run[0]) in self.settings]))

    def run_files(self, name: str) -> list[str]:
        """The files of the runs at one batch size."""
        paths = dict.fromkeys(run[3] for run in self.reading(name)["runs"])
        return [file for path in paths for file in files_in(path)]
