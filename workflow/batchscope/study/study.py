"""A study as the workflow needs it: what it trains, and the part of it that each rule depends on."""

from dataclasses import dataclass
from functools import cached_property

from batchscope.model.losses import is_regression, score_of
from batchscope.study.cost import epoch_seconds, job_minutes
from batchscope.study.setting import Setting, make_setting, spelling, stages
from batchscope.study.userfiles import data_files, model_files

# The score that epochs to target are counted to where a study does not say: a loss of 1 is that of predicting the mean.
TARGETS = {"accuracy": 0.8, "loss": 0.5}


def splits_drawn(spec: dict) -> int:
    """How many new splits a study asks for, by all of its keys; the first ones serve each."""
    return max(spec.get("new_splits", {}).get("replicates", 0), spec.get("variance", {}).get("splits", 0))


@dataclass(frozen=True)
class Study:
    """A checked study: `spec` as in the config with all defaults, and its facts, see `batchscope.training.facts`."""

    name: str
    spec: dict
    train_rows: int
    multiplications: int
    way: tuple[str, str] = ("compiled", "")

    @property
    def title(self) -> str:
        return self.spec.get("title", self.name)

    @property
    def score(self) -> str:
        """What settings are judged by: `accuracy`, or `loss` where numbers are learned."""
        return score_of(self.spec["loss"])

    @property
    def overviews(self) -> dict[str, list[str]]:
        """The figures of measures by batch size that every study has: name -> measures."""
        return {
            f"final_{self.score}": [f"test_{self.score}", f"train_{self.score}"],
            "volatility": [f"test_{self.score}_volatility"],
            "time_to_target": ["epochs_to_target", "updates_to_target", "seconds_to_target"],
        }

    def setting(self, batch_size: int | str | dict, learning_rate: float | None = None) -> Setting:
        """A batch size of the config with a learning rate, the study's first one where left out."""
        rate = self.spec["learning_rates"][0] if learning_rate is None else learning_rate
        return make_setting(batch_size, float(rate), self.train_rows)

    @cached_property
    def trainings(self) -> dict[str, dict[Setting, int | str | dict]]:
        """What each training job trains: the spelling of its batch size -> settings, with the batch size of the config.

        The panels and the single figures together. A number that is written both as such and as `full` is one batch
        size, under the first spelling.
        """
        wanted = [(batch, rate) for batch in self.spec["batch_sizes"] for rate in self.spec["learning_rates"]]
        wanted += [(curve["batch_size"], curve["learning_rate"]) for curve in self.spec["learning_curves"].values()]
        spelled: dict[tuple, str] = {}
        trainings: dict[str, dict[Setting, int | str | dict]] = {}
        for batch, rate in wanted:
            setting = self.setting(batch, rate)
            name = spelled.setdefault((setting.batch_size, setting.schedule), spelling(batch))
            trainings.setdefault(name, {})[setting] = batch
        return {
            name: dict(sorted(settings.items(), key=lambda item: -item[0].learning_rate))
            for name, settings in trainings.items()
        }

    @cached_property
    def settings(self) -> list[Setting]:
        return [setting for settings in self.trainings.values() for setting in settings]

    def stages(self, batch_size: int | str | dict) -> list[tuple[int, int]]:
        return stages(batch_size, self.spec["epochs"], self.train_rows)

    def seconds(self, training: str) -> float:
        """A generous guess at how long all replicates of a training job take, those on new splits too."""
        settings = self.trainings[training]
        [batch_size, *_] = settings.values()
        replicates = self.spec["replicates"] + self.replicates_on_new_splits
        return self._seconds(batch_size) * replicates * len(settings)

    def minutes(self, training: str) -> int:
        """The same of the whole job."""
        return job_minutes(self.seconds(training))

    @property
    def minutes_of_ensembles(self) -> int:
        spec = self.spec["ensembles"]
        return job_minutes(self._seconds(spec["batch_size"]) * spec["members"] * spec["repeats"])

    def _seconds(self, batch_size: int | str | dict) -> float:
        """A guess at the seconds of one replicate of a setting."""
        return sum(
            epochs * epoch_seconds(self.train_rows, rows, self.multiplications, self.way[0].split()[0])
            for rows, epochs in self.stages(batch_size)
        )

    # From here on: what each rule depends on.

    @property
    def data(self) -> dict:
        keys = ("dataset", "split", "scaler")
        return {key: self.spec.get(key) for key in keys} | {"regression": is_regression(self.spec["loss"])}

    @property
    def replicates_on_new_splits(self) -> int:
        return self.spec["new_splits"]["replicates"] if "new_splits" in self.spec else 0

    @property
    def splits(self) -> dict:
        """The new splits of the data."""
        return self.data | {"seed": self.spec["seed"], "replicates": splits_drawn(self.spec)}

    @property
    def data_files(self) -> list[str]:
        return data_files(self.spec["dataset"])

    @property
    def files(self) -> list[str]:
        """All files of the user's."""
        return self.data_files + self.model_files

    @property
    def model_files(self) -> list[str]:
        return model_files(self.spec["model"])

    @property
    def _task(self) -> dict:
        keys = (
            *("model", "optimizer", "loss", "seed", "learning_rate_schedule"),
            *("dtype_policy", "dense_gradients", "micro_batch_size"),
        )
        return {key: self.spec[key] for key in keys if key in self.spec} | {
            "resampled": self.spec["split"]["order"] == "resampled"
        }

    def training(self, name: str) -> dict:
        """The training at one batch size."""
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
            "task": self._task | {"stages": self.stages(spec["batch_size"])},
            "way": self.way,
            "setting": self.setting(spec["batch_size"], spec.get("learning_rate")),
            "members": spec["members"],
            "repeats": spec["repeats"],
        }

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
            "task": self._task | {"stages": [(batch_sizes[0], self.spec["epochs"])]},
            "batch_sizes": batch_sizes,
        }

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
    def minutes_of_variance(self) -> int:
        spec = self.spec["variance"]
        count = spec["splits"] * spec["weights"] * spec["orders"]
        return job_minutes(sum(self._seconds(batch_size) for batch_size in spec["batch_sizes"]) * count)

    @property
    def metrics(self) -> dict:
        """The metrics, beside the histories."""
        target = self.spec.get(f"target_{self.score}", TARGETS[self.score])
        return {"score": self.score, "target": target, "seed": self.spec["seed"]}

    @property
    def comparisons(self) -> dict:
        """The comparison of every setting with the reference: full batch where it is trained, else the largest."""
        spec = self.spec["comparisons"]
        reference = spec.get("reference")
        if reference is None:
            whole = [setting for setting in self.settings if setting == self.setting("full", setting.learning_rate)]
            chosen = min(whole or self.settings, key=lambda setting: (-setting.batch_size, self._rank(setting)))
        else:
            chosen = self.setting(reference["batch_size"], reference.get("learning_rate"))
        measures = (f"test_{self.score}", f"test_{self.score}_volatility", "epochs_to_target")
        margins = {measure: spec["margins"][measure] for measure in measures}
        return {"reference": chosen, "margins": margins, "seed": self.spec["seed"]}

    def _rank(self, setting: Setting) -> int:
        """The place of a setting's learning rate in the config; rates of single figures come last."""
        rates = [float(rate) for rate in self.spec["learning_rates"]]
        return rates.index(setting.learning_rate) if setting.learning_rate in rates else len(rates)

    @property
    def chosen_on(self) -> str:
        """The part of the rows that settings are chosen on."""
        return "validation" if "validation" in self.spec["split"] else "test"

    @property
    def recommendation(self) -> dict:
        """The recommendation of settings, which is chosen on validation rows where there are any."""
        return {
            "title": self.title,
            "train_rows": self.train_rows,
            "margins": self.spec["comparisons"]["margins"],
            "part": self.chosen_on,
            "resampled": self.spec["split"]["order"] == "resampled",
            **self.metrics,
        }

    @property
    def claims(self) -> dict:
        """The claims, with their settings as the tables spell them."""
        claims = []
        for name, claim in self.spec["claims"].items():
            resolved = {"name": name} | claim | {"statement": " ".join(claim["statement"].split())}
            if "explanation" in claim:
                resolved["explanation"] = " ".join(claim["explanation"].split())
            for key in ("of", "against"):
                if key in claim:
                    resolved[key] = self.setting(claim[key]["batch_size"], claim[key].get("learning_rate"))
            if "along" in claim:
                resolved["along"] = [self.setting(batch_size) for batch_size in claim["along"]]
            claims.append(resolved)
        return {"claims": claims, "seed": self.spec["seed"]}

    @property
    def panels(self) -> dict:
        """The figure with a panel per batch size."""
        rates = self.spec["learning_rates"]
        return {
            "title": self.title,
            "settings": [self.setting(batch, rate) for batch in self.spec["batch_sizes"] for rate in rates],
            "learning_rates": len(rates),
            "score": self.score,
        }

    def curve(self, name: str) -> dict:
        """A figure of a single learning curve."""
        curve = self.spec["learning_curves"][name]
        return {
            "title": f"{self.title}: {name.replace('_', ' ')}",
            "setting": self.setting(curve["batch_size"], curve["learning_rate"]),
            "score": self.score,
        }

    @property
    def measured_otherwise(self) -> list[str]:
        """The names of the tables that hold measures of what is no single replicate."""
        return ["timing", *(["ensembles"] if "ensembles" in self.spec else [])]

    @property
    def tables(self) -> list[str]:
        """The names of all tables under metrics."""
        asked_for = [name for name in ("variance_trainings", "variance", "pace") if name.split("_")[0] in self.spec]
        judged = ["summary", "comparisons", "recommendation", "claims"]
        return ["replicates", "new_splits", *self.measured_otherwise, *judged, *asked_for]

    @property
    def best(self) -> dict:
        """The figure of which setting is best."""
        return {"title": f"{self.title}: which is best?", "score": self.score, "part": self.chosen_on}

    @property
    def described(self) -> dict:
        """The tables that people read."""
        return {"title": self.title, "spec": self.spec, "score": self.score, "target": self.metrics["target"]}

    @property
    def asked(self) -> dict:
        """What the first page of the report says."""
        questions = []
        for name, question in self.spec["questions"].items():
            figure = question.get("figure", f"answer_{name}")
            questions.append({"question": question["question"], "answer": question["answer"], "figure": figure})
        return {"title": self.title, "questions": questions}

    def drawn(self, figure: str) -> list[str]:
        """The names of the studies in a figure of measures by batch size."""
        if figure in self.overviews:
            return [self.name]
        return [self.name, *self.spec["questions"][figure.removeprefix("answer_")]["beside"]]

    def overview(self, figure: str, studies: dict[str, "Study"]) -> dict:
        """A figure of measures by batch size."""
        if figure in self.overviews:
            title, measures = self.title, self.overviews[figure]
        else:
            question = self.spec["questions"][figure.removeprefix("answer_")]
            title, measures = question["question"], question["measures"]
        return {
            "title": title,
            "studies": [studies[name].title for name in self.drawn(figure)],
            "measures": measures,
            "seed": self.spec["seed"],
        }

    @property
    def figures(self) -> list[str]:
        """The names of all figures."""
        return [
            "dataset",
            "batch_sizes",
            "which_is_best",
            *self.overviews,
            *(f"learning_curve_{name}" for name in self.spec["learning_curves"]),
            *(f"answer_{name}" for name, question in self.spec["questions"].items() if "measures" in question),
            *(name for name in ("ensembles", "variance", "pace") if name in self.spec),
        ]
