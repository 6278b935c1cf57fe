"""A study whose histories others make: a program of the user's, or runs that are there already."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from batchscope.study.plan import Plan
from batchscope.study.scores import METRICS
from batchscope.study.setting import Setting
from batchscope.study.userfiles import files_in, files_of

# What a program writes -> the end of a run's file; event files are packed, as there may be several.
_SUFFIXES = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "tensorboard": ".zip"}
_EPOCHS_OF_CHECK = 2


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

    def _reading(self, runs: list[tuple], epochs: int | None = None) -> dict:
        """How runs are read, see `batchscope.results.runs.read_runs`."""
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
        runs = [(setting.learning_rate, replicate) for setting in settings for replicate in range(self.replicates)]
        return self._program(next(iter(settings)), self.spec["epochs"]) | {"runs": runs}

    @property
    def check(self) -> dict:
        """One short run, at the largest batch size, which has the fewest updates."""
        setting = max(self.settings)
        epochs = min(_EPOCHS_OF_CHECK, self.spec["epochs"])
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
        }

    @property
    def replicates(self) -> int:
        return self.spec["replicates"]

    def run_files(self, name: str) -> list[str]:
        """The files that the program writes at one batch size, one for each run, from the folder of the results."""
        return [
            f"runs/batch_size_{name}/learning_rate_{rate!r}_replicate_{replicate}{self.suffix}"
            for rate, replicate in self.program(name)["runs"]
        ]

    @property
    def further_results(self) -> list[str]:
        about = [f"runs/batch_size_{name}/runs.json" for name in self.trainings]
        return about + [path for name in self.trainings for path in self.run_files(name)]

    def reading(self, name: str) -> dict:
        """How what the program wrote at one batch size is read."""
        of_rate = {setting.learning_rate: setting for setting in self.trainings[name]}
        runs = zip(self.program(name)["runs"], self.run_files(name))
        return self._reading(
            [(of_rate[rate], replicate, f"replicate {replicate}", path, {}) for (rate, replicate), path in runs],
            self.spec["epochs"],
        )

    @property
    def reading_of_check(self) -> dict:
        check = self.check
        return self._reading([(max(self.settings), 0, "replicate 0", f"{self.name}{self.suffix}", {})], check["epochs"])


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
        """How the runs at one batch size are read."""
        settings = self.trainings[name]
        return self._reading([run for run in self.runs if Setting(*run[0]) in settings])

    @property
    def reading_of_check(self) -> dict:
        return self._reading([run for run in self.runs if Setting(*run[0]) in self.settings])

    def run_files(self, name: str) -> list[str]:
        """The files of the runs at one batch size."""
        paths = dict.fromkeys(run[3] for run in self.reading(name)["runs"])
        return [file for path in paths for file in files_in(path)]
