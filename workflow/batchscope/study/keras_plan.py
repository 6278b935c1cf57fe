"""A study that Keras trains: what its rules depend on, and about how long they take."""

import math
from dataclasses import dataclass
from functools import cached_property

from batchscope.model.losses import is_regression
from batchscope.study.cost import epoch_seconds, job_minutes
from batchscope.study.plan import Plan
from batchscope.study.setting import stages
from batchscope.study.spans import count_measurements
from batchscope.study.study import splits_drawn
from batchscope.study.userfiles import data_files, model_files


@dataclass(frozen=True)
class KerasPlan(Plan):
    """A study with a dataset and a model of Keras; its facts are those of `batchscope.training.facts`."""

    multiplications: int
    way: tuple[str, str] = ("compiled", "")

    @property
    def metrics(self) -> list[str]:
        return self.spec["metrics"]

    @property
    def has_validation(self) -> bool:
        return "validation" in self.spec["split"]

    @property
    def of_rows(self) -> bool:
        return True

    @property
    def data(self) -> dict:
        keys = ("dataset", "split", "scaler")
        return {key: self.spec.get(key) for key in keys} | {"regression": is_regression(self.spec["loss"])}

    @property
    def splits(self) -> dict:
        """The new splits of the data."""
        return self.data | {"seed": self.spec["seed"], "replicates": splits_drawn(self.spec)}

    @property
    def data_files(self) -> list[str]:
        return data_files(self.spec["dataset"])

    @property
    def files(self) -> list[str]:
        return self.data_files + self.model_files

    @cached_property  # asked for by every training, and each time it would look through the file
    def model_files(self) -> list[str]:
        return model_files(self.spec["model"])

    @property
    def _task(self) -> dict:
        keys = (
            *("model", "optimizer", "loss", "seed", "learning_rate_schedule"),
            *("dtype_policy", "dense_gradients", "micro_batch_size", "class_weight", "evaluate_every", "warmup"),
            "beta_2_at",
        )
        return {
            **{key: self.spec[key] for key in keys if key in self.spec},
            **({"metrics": self.metrics_measured} if self.metrics_measured else {}),
            **({"scaling": self.spec["learning_rates"]["scaling"]} if self.scales_every_stage else {}),
            "resampled": self.spec["split"]["order"] == "resampled",
        }

    def training(self, name: str) -> dict:
        """The training at one batch size, with what is looked at while it goes on."""
        return self._training(name) | ({"looks": self.looks} if self.looks else {})

    def _training(self, name: str) -> dict:
        settings = self.trainings[name]
        [batch_size, *_] = settings.values()
        return {
            "replicates": self.spec["replicates"],
            "way": self.way,
            "task": self._task | {"stages": self.stages(batch_size)},
            "settings": list(settings),
            "replicates_on_new_splits": self.replicates_on_new_splits,
        }

    @property
    def ensembles(self) -> dict:
        """The training of ensembles."""
        spec = self.spec["ensembles"]
        return {
            "task": self._task | {"stages": self.stages(spec["batch_size"]), "metrics": []},
            "way": self.way,
            "setting": self.setting(spec["batch_size"], spec.get("learning_rate")),
            "members": spec["members"],
            "repeats": spec["repeats"],
        }

    @property
    def noise_scale(self) -> dict:
        """The training that the gradient noise scale is measured along."""
        spec, batch_size = self.spec["noise_scale"], self._batch_size_of_noise
        measuring = {"evaluate_every": spec["every"], "gradient_rows": spec["rows"]}
        return {
            "task": self._task | {"stages": self.stages(batch_size)} | measuring,
            "way": self.way,
            "setting": self.setting(batch_size, spec.get("learning_rate")),
            "replicates": self.spec["replicates"],
        }

    @property
    def _batch_size_of_noise(self) -> int | str | dict:
        """The one that is asked for, else the one in the middle of those tried, of schedules if all are."""
        tried = self.spec["batch_sizes"]
        ordered = sorted([size for size in tried if not isinstance(size, dict)] or tried, key=self.stages)
        return self.spec["noise_scale"].get("batch_size", ordered[(len(ordered) - 1) // 2])

    @property
    def measurements_of_noise(self) -> int:
        stages, every = self.stages(self._batch_size_of_noise), self.spec["noise_scale"]["every"]
        return count_measurements(stages, self.train_rows, every)

    @property
    def minutes_of_noise_scale(self) -> int:
        """The gradients of single rows take as long as an epoch of so many rows at a batch size of 1."""
        rows = min(self.spec["noise_scale"]["rows"], self.train_rows)
        multiplications = self.multiplications * rows // self.train_rows
        each = epoch_seconds(rows, 1, multiplications, self.way[0].split()[0]) * self.measurements_of_noise
        return job_minutes(self.spec["replicates"] * (each + self._seconds(self._batch_size_of_noise)))

    @property
    def variance(self) -> dict:
        """The trainings of a crossed design: at each of some batch sizes all splits with all weights and all orders."""
        spec = self.spec["variance"]
        return {
            "trainings": [
                {
                    "setting": self.setting(batch_size, spec.get("learning_rate")),
                    "task": self._task | {"stages": self.stages(batch_size)},
                }
                for batch_size in spec["batch_sizes"]
            ],
            "way": self.way,
            **{factor: spec[factor] for factor in ("splits", "weights", "orders")},
        }

    @property
    def pace(self) -> dict:
        """The probe of the pace, at the batch sizes of all stages."""
        batch_sizes = sorted({rows for training in self.timed for rows, _ in training["stages"]})
        return {
            "replicates": self.spec["replicates"],
            "way": self.way,
            "task": self._task | {"stages": [(batch_sizes[0], self._epochs_of_pace)], "evaluate_every": {"epochs": 1}},
            "batch_sizes": batch_sizes,
        }

    @property
    def _epochs_of_pace(self) -> int:
        """How many epochs the longest training begins."""
        batch_sizes = [batch_size for settings in self.trainings.values() for batch_size in settings.values()]
        return max(math.ceil(sum(epochs for _, epochs in self.stages(batch_size))) for batch_size in batch_sizes)

    @property
    def processes_of_pace(self) -> int:
        return self.spec["pace"]["processes"] if "pace" in self.spec else 0

    @property
    def minutes_of_pace(self) -> int:
        """Of ten epochs in each way, which is more than a probe has."""
        engines = {"compiled": self.spec["replicates"] + 1, "fit": 1}  # how many train at once and alone
        return job_minutes(
            10
            * sum(
                trainings * epoch_seconds(self.train_rows, rows, self.multiplications, engine)
                for rows in self.pace["batch_sizes"]
                for engine, trainings in engines.items()
            )
        )

    @property
    def timed(self) -> list[dict]:
        """The batch sizes and schedules whose pace is measured, by their names in files and in tables."""
        timed = []
        for name, settings in self.trainings.items():
            [(setting, batch_size), *_] = settings.items()
            of_setting = {"batch_size": setting.batch_size, "schedule": setting.schedule}
            timed.append({"training": name, **of_setting, "stages": self.stages(batch_size)})
        return timed

    @property
    def count_of_variance(self) -> int:
        spec = self.spec["variance"]
        return len(spec["batch_sizes"]) * spec["splits"] * spec["weights"] * spec["orders"]

    @property
    def minutes_of_variance(self) -> int:
        seconds = [self._seconds(batch_size) for batch_size in self.spec["variance"]["batch_sizes"]]
        return job_minutes(sum(seconds) / len(seconds) * self.count_of_variance)

    @property
    def kept(self) -> dict:
        """The model that is kept: of the setting to take, the replicate that is best on the validation rows."""
        return {
            "title": self.title,
            "data": self.data,
            "trainings": [self._training(name) for name in self.trainings],
            **{key: self.recommendation[key] for key in ("margins", "part", "score")},
        }

    @property
    def minutes_of_model(self) -> int:
        """Of the longest training, which it may be."""
        return max(map(self.minutes, self.trainings))

    def stages(self, batch_size: int | str | dict) -> list[tuple[int, float]]:
        """Batch size and epochs of each stage; fractions of an epoch where a study says how many updates there are."""
        if "epochs" in self.spec:
            return stages(batch_size, self.spec["epochs"], self.train_rows)
        [(rows, _), *_] = stages(batch_size, 0, self.train_rows)
        return stages(batch_size, self.spec["updates"] / math.ceil(self.train_rows / rows), self.train_rows)

    def measurements(self, batch_size: int | str | dict) -> int:
        """How often a training is measured."""
        return count_measurements(self.stages(batch_size), self.train_rows, self.spec["evaluate_every"])

    def count(self, training: str) -> int:
        """How many trainings a training job has, those on new splits too."""
        return len(self.trainings[training]) * (self.spec["replicates"] + self.replicates_on_new_splits)

    def seconds(self, training: str) -> float:
        """A generous guess at how long all of them take."""
        [batch_size, *_] = self.trainings[training].values()
        return self._seconds(batch_size) * self.count(training)

    def minutes(self, training: str) -> int:
        """The same of the whole job."""
        return job_minutes(self.seconds(training))

    @property
    def count_of_ensembles(self) -> int:
        return self.spec["ensembles"]["members"] * self.spec["ensembles"]["repeats"]

    @property
    def minutes_of_ensembles(self) -> int:
        return job_minutes(self._seconds(self.spec["ensembles"]["batch_size"]) * self.count_of_ensembles)

    def _seconds(self, batch_size: int | str | dict) -> float:
        """A guess at the seconds of one replicate of a setting; a measurement takes no longer than an epoch's work."""
        parts, engine = self.stages(batch_size), self.way[0].split()[0]
        per_epoch = self.measurements(batch_size) / sum(epochs for _, epochs in parts)
        multiplications = self.multiplications * max(1, per_epoch)
        return sum(epochs * epoch_seconds(self.train_rows, rows, multiplications, engine) for rows, epochs in parts)

    @property
    def looks(self) -> list[str]:
        return [name for name, asked_for in self.spec["explorer"].items() if asked_for]

    @property
    def replicates_on_new_splits(self) -> int:
        return self.spec["new_splits"]["replicates"] if "new_splits" in self.spec else 0

    @property
    def keeps_predictions(self) -> bool:
        return self.spec["keep"]["predictions"]

    @property
    def keeps_model(self) -> bool:
        return self.spec["keep"]["models"] == "recommended"

    @property
    def further_results(self) -> list[str]:
        folders = {"rows": "parquet", "new_splits": "parquet", "network": "npz"}
        folders |= {"predictions": "parquet"} if self.keeps_predictions else {}
        kept = ("model.keras", "preprocessing.joblib", "model.json", "README.md")
        return [
            "dataset.npz",
            *["splits.npz"] * (splits_drawn(self.spec) > 0),
            *(f"{folder}/batch_size_{name}.{suffix}" for folder, suffix in folders.items() for name in self.trainings),
            *(f"pace/process_{process}.csv" for process in range(self.processes_of_pace)),
            *(f"model/{name}" for name in kept if self.keeps_model),
        ]
