"""What each rule of the workflow depends on, of a study: a change of it makes the rule run again."""

from functools import cached_property

from batchscope.model.losses import is_regression
from batchscope.study.cost import epoch_seconds, job_minutes
from batchscope.study.scores import TARGETS
from batchscope.study.setting import Setting
from batchscope.study.study import Study, splits_drawn
from batchscope.study.userfiles import data_files, model_files


class Plan(Study):
    """A study as the rules see it: a property for each rule, of values that JSON has."""

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
        """All files of the user's."""
        return self.data_files + self.model_files

    @cached_property  # asked for by every training, and each time it would look through the file
    def model_files(self) -> list[str]:
        return model_files(self.spec["model"])

    @property
    def _task(self) -> dict:
        keys = (
            *("model", "optimizer", "loss", "seed", "learning_rate_schedule"),
            *("dtype_policy", "dense_gradients", "micro_batch_size", "class_weight"),
        )
        return {
            **{key: self.spec[key] for key in keys if key in self.spec},
            **({"metrics": self.metrics_measured} if self.metrics_measured else {}),
            "resampled": self.spec["split"]["order"] == "resampled",
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
            "task": self._task | {"stages": self.stages(spec["batch_size"]), "metrics": []},
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
    def count_of_variance(self) -> int:
        spec = self.spec["variance"]
        return len(spec["batch_sizes"]) * spec["splits"] * spec["weights"] * spec["orders"]

    @property
    def minutes_of_variance(self) -> int:
        seconds = [self._seconds(batch_size) for batch_size in self.spec["variance"]["batch_sizes"]]
        return job_minutes(sum(seconds) / len(seconds) * self.count_of_variance)

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
        if reference is None or not self.is_trained(reference):
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
    def kept(self) -> dict:
        """The model that is kept: of the setting to take, the replicate that is best on the validation rows."""
        return {
            "title": self.title,
            "data": self.data,
            "trainings": [self.training(name) for name in self.trainings],
            **{key: self.recommendation[key] for key in ("margins", "part", "score")},
        }

    @property
    def minutes_of_model(self) -> int:
        """Of the longest training, which it may be."""
        return max(map(self.minutes, self.trainings))

    @property
    def claims(self) -> dict:
        """The claims, with their settings as the tables spell them."""
        claims, not_tested = [], self.not_tested
        for name, claim in self.spec["claims"].items():
            resolved = {"name": name} | claim | {"statement": " ".join(claim["statement"].split())}
            if "explanation" in claim:
                resolved["explanation"] = " ".join(claim["explanation"].split())
            for key in ("of", "against"):
                if key in claim:
                    resolved[key] = self.setting(claim[key]["batch_size"], claim[key].get("learning_rate"))
            if "along" in claim:
                resolved["along"] = [self.setting(batch_size) for batch_size in claim["along"]]
            claims.append(resolved | ({"not_tested": True} if name in not_tested else {}))
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
        return {
            "title": self.title,
            "spec": self.spec,
            "score": self.score,
            "part": self.chosen_on,
            "margins": self.spec["comparisons"]["margins"],
            "target": self.metrics["target"],
            "reference": self.comparisons["reference"],
        }

    @property
    def asked(self) -> dict:
        """What the first page of the report says."""
        questions = []
        for name, question in self.spec["questions"].items():
            figure = question.get("figure", f"answer_{name}")
            questions.append({"question": question["question"], "answer": question["answer"], "figure": figure})
        return {"title": self.title, "questions": questions}

    @property
    def page(self) -> dict:
        """What the page of the study says and shows."""
        return self.asked | {"best": "which_is_best", "figures": [*self.figures.items()]}

    def drawn(self, figure: str) -> list[str]:
        """The names of the studies in a figure of measures by batch size."""
        if figure in self.overviews:
            return [self.name]
        return [self.name, *self.spec["questions"][figure.removeprefix("answer_")]["beside"]]

    def drawn_with_pace(self, figure: str) -> list[str]:
        """Those of them whose seconds per epoch are drawn, which stand in a table of their own."""
        _, measures = self._title_and_measures(figure)
        return self.drawn(figure) if "seconds_per_epoch" in measures else []

    def _title_and_measures(self, figure: str) -> tuple[str, list[str]]:
        if figure in self.overviews:
            return self.title, self.overviews[figure]
        question = self.spec["questions"][figure.removeprefix("answer_")]
        return question["question"], question["measures"]

    def overview(self, figure: str, studies: dict[str, "Study"]) -> dict:
        """A figure of measures by batch size."""
        title, measures = self._title_and_measures(figure)
        return {
            "title": title,
            "studies": [studies[name].title for name in self.drawn(figure)],
            "measures": measures,
            "score": self.score,
            "seed": self.spec["seed"],
        }
