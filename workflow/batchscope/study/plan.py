"""What each rule of the workflow depends on, of a study of any kind: a change of it makes the rule run again."""

from batchscope.study.pairs import paired_across
from batchscope.study.scores import TARGETS
from batchscope.study.setting import CONSTANT, Setting
from batchscope.study.study import BOUNDS, ON_SCORECARD, Study, own_figure


class Plan(Study):
    """A study as the rules see it: a property for each rule, of values that JSON has."""

    @property
    def paired(self) -> bool:
        """Whether equal replicates of two settings are a pair."""
        return True

    @property
    def of_rows(self) -> bool:
        """Whether what single rows were scored is known."""
        return False

    @property
    def files(self) -> list[str]:
        """All files of the user's."""
        raise NotImplementedError

    @property
    def looks(self) -> list[str]:
        """What is looked at while networks train: `boundary`, `confusion`."""
        return []

    @property
    def further_results(self) -> list[str]:
        """The files that only studies of its kind have, from the folder of its results."""
        return []

    @property
    def aggregation(self) -> dict:
        """The metrics, beside the histories."""
        target = self.spec.get(f"target_{self.score}", TARGETS[self.score])
        return {"score": self.score, "target": target, "of_rows": self.of_rows, "seed": self.spec["seed"]}

    @property
    def comparisons(self) -> dict:
        """The comparison of every setting with the reference: full batch where it is trained, else the largest."""
        spec = self.spec["comparisons"]
        reference = spec.get("reference")
        if reference is None or not self.is_trained(reference):
            whole = [setting for setting in self.settings if setting == self.setting("full", setting.learning_rate)]
            places = self._places_of_rates
            last = len(places)  # where rates of single figures come
            chosen = min(whole or self.settings, key=lambda each: (-each.batch_size, places.get(each, last)))
        else:
            chosen = self.setting(reference["batch_size"], reference.get("learning_rate"))
        measures = (f"test_{self.score}", f"test_{self.score}_volatility", "epochs_to_target")
        margins = {measure: spec["margins"][measure] for measure in measures}
        return {"reference": chosen, "margins": margins, "paired": self.paired, "seed": self.spec["seed"]}

    @property
    def _places_of_rates(self) -> dict[Setting, int]:
        """Setting -> the place of its learning rate in the config."""
        return {
            self.setting(batch_size, rate): place
            for batch_size in self.spec["batch_sizes"]
            for place, rate in enumerate(self.rates(batch_size))
        }

    @property
    def recommendation(self) -> dict:
        """The recommendation of settings, which is chosen on validation rows where there are any."""
        return {
            "title": self.title,
            "train_rows": self.train_rows,
            "margins": self.spec["comparisons"]["margins"],
            "part": self.chosen_on,
            "scaled": self.scales_rates,
            "resampled": self.spec.get("split", {}).get("order") == "resampled",
            "paired": self.paired,
            **self.aggregation,
        }

    def claims(self, studies: dict[str, "Plan"]) -> dict:
        """The claims, and which studies that they are about have replicates in pairs."""
        not_tested = self.not_tested(studies)
        claims = [
            self._claim(name, claim, studies) | ({"not_tested": True} if name in not_tested else {})
            for name, claim in self.spec["claims"].items()
        ]
        paired = {name: studies[name].paired for name in (self.name, *self.elsewhere)}
        return {"claims": claims, "paired": paired, "seed": self.spec["seed"]}

    def _claim(self, name: str, claim: dict, studies: dict[str, "Plan"]) -> dict:
        """A claim with its settings as the tables spell them, and the names of the other studies that they are of."""
        judged = {key: value for key, value in claim.items() if key not in ON_SCORECARD}
        resolved = {"name": name} | judged | _in_one_line(claim, ("statement", "explanation", "source"))
        where = {key: studies[claim[key].get("study", self.name)] for key in ("of", "against") if key in claim}
        for key, study in where.items():
            resolved[key] = study.setting(claim[key]["batch_size"], claim[key].get("learning_rate"))
            if study.name != self.name:
                resolved[f"{key}_study"] = study.name
        if len({study.name for study in where.values()}) == 2:
            resolved["paired"], resolved["basis"] = paired_across(**where)
        if "along" in claim:
            resolved["along"] = [self.setting(batch_size) for batch_size in claim["along"]]
        return resolved

    @property
    def panels(self) -> dict:
        """The figure with a panel per batch size."""
        batch_sizes = self.spec["batch_sizes"]
        return {
            "title": self.title,
            "settings": [
                setting
                for batch_size in batch_sizes
                for rate in self.rates(batch_size)
                if (setting := self.setting(batch_size, rate)) in self.settings
            ],
            "learning_rates": len(self.rates(batch_sizes[0])),
            "score": self.score,
            "counted_in": self.counted_in,
            "part": self.chosen_on,
        }

    def curve(self, name: str) -> dict:
        """A figure of a single learning curve."""
        curve = self.spec["learning_curves"][name]
        return {
            "title": f"{self.title}: {name.replace('_', ' ')}",
            "setting": self.setting(curve["batch_size"], curve["learning_rate"]),
            "score": self.score,
            "counted_in": self.counted_in,
        }

    @property
    def measured_otherwise(self) -> list[str]:
        """The names of the tables that hold measures of what is no single replicate."""
        asked_for = {"ensembles": "ensembles", "budgets": "budget_trainings"}
        return ["timing", *(name for key, name in asked_for.items() if key in self.spec)]

    @property
    def tables(self) -> list[str]:
        """The names of all tables under metrics."""
        by_key = {
            "variance": ("variance_trainings", "variance"),
            "pace": ("pace",),
            "steps_to_result": ("steps_to_result", "scaling"),
            "noise_scale": ("noise_scale_gradients", "noise_scale", "noise_scale_summary"),
            "budgets": ("budgets",),
        }
        asked_for = [name for key, names in by_key.items() if key in self.spec for name in names]
        judged = ["summary", "comparisons", "recommendation", "claims", *["rates"] * self.maps_rates]
        return ["replicates", "new_splits", *self.measured_otherwise, *judged, *asked_for]

    @property
    def map_of_rates(self) -> dict:
        """The map of batch size and learning rate."""
        goal = {key: self.aggregation[key] for key in ("score", "target", "seed")}
        return goal | {"part": self.chosen_on, "paired": self.paired}

    @property
    def budgets(self) -> dict:
        """The comparison of batch sizes at equal budgets, with the batch size of the reference of `comparisons`."""
        reference = self.comparisons["reference"]
        constant = [setting.batch_size for setting in self.settings if setting.schedule == CONSTANT]
        return {
            "given": self.spec["budgets"],
            "score": self.score,
            "part": self.chosen_on,
            "reference": reference.batch_size if reference.schedule == CONSTANT else max(constant),
            "margin": self.spec["comparisons"]["margins"][f"test_{self.score}"],
            "paired": self.paired,
            "seed": self.spec["seed"],
        }

    @property
    def steps(self) -> dict:
        """How many updates each batch size takes to a result."""
        return self.reached | {"paired": self.paired, "seed": self.spec["seed"]}

    @property
    def noise(self) -> dict:
        """The gradient noise scale, up to a result where steps are counted to one."""
        return (self.reached if "steps_to_result" in self.spec else {}) | {"seed": self.spec["seed"]}

    @property
    def reached(self) -> dict:
        """The result that steps are counted to."""
        [(score, result)] = self.spec["steps_to_result"].items()
        return {"score": score, "result": result}

    @property
    def steps_figure(self) -> dict:
        """The figure of how many updates each batch size takes to a result."""
        return {"title": self.title} | self.reached

    @property
    def best(self) -> dict:
        """The figure of which setting is best."""
        return {
            "title": f"{self.title}: which is best?",
            "score": self.score,
            "part": self.chosen_on,
            "scaled": self.scales_rates,
        }

    @property
    def described(self) -> dict:
        """The tables that people read."""
        return {
            "title": self.title,
            "spec": self.spec,
            "score": self.score,
            "part": self.chosen_on,
            "margins": self.spec["comparisons"]["margins"],
            "target": self.aggregation["target"],
            "metrics": self.metrics,
            **self._basis,
            "reference": self.comparisons["reference"],
        }

    @property
    def asked(self) -> dict:
        """What the first page of the report says."""
        questions = []
        for name, question in self.spec["questions"].items():
            figure = question.get("figure", own_figure(name, question))
            questions.append({"question": question["question"], "answer": question["answer"], "figure": figure})
        steps = {"steps": self.reached} if "steps_to_result" in self.spec else {}
        return {"name": self.name, "title": self.title, "questions": questions, **self._basis, **steps}

    @property
    def _basis(self) -> dict:
        """What the evidence rests on."""
        return {"paired": self.paired, "of_rows": self.of_rows}

    @property
    def page(self) -> dict:
        """What the page of the study says and shows."""
        return self.asked | {"first": "batch_sizes", "best": "which_is_best", "figures": [*self.figures.items()]}

    @property
    def explorer(self) -> dict:
        """What the explorer of the study holds."""
        return {
            "title": self.title,
            "score": self.score,
            "reference": self.comparisons["reference"],
            "margin": self.comparisons["margins"][f"test_{self.score}"],
            "counted_in": self.counted_in,
            **self._basis,
            "seed": self.spec["seed"],
        }

    @property
    def scored(self) -> dict:
        """What the scorecard says of the study's paper and claims beside the verdicts."""
        words = {
            name: _in_one_line(claim, ON_SCORECARD) | {key: claim[key] for key in BOUNDS if key in claim}
            for name, claim in self.spec["claims"].items()
        }
        return {"name": self.name, "title": self.title, "paper": self.spec["paper"], "claims": words}

    def drawn(self, figure: str) -> list[str]:
        """The names of the studies in a figure of measures by batch size, or of learning curves."""
        if figure in self.overviews:
            return [self.name]
        return [self.name, *self._question_of(figure)["beside"]]

    def drawn_with_pace(self, figure: str) -> list[str]:
        """Those of them whose seconds per epoch are drawn, which stand in a table of their own."""
        _, measures = self._title_and_measures(figure)
        return self.drawn(figure) if "seconds_per_epoch" in measures else []

    def drawn_with_differences(self, figure: str) -> list[str]:
        """The study, where a figure is of no other one and of a measure that is compared, times apart."""
        _, measures = self._title_and_measures(figure)
        has_panel = {f"test_{self.score}", f"test_{self.score}_volatility"}.intersection(measures)
        return [self.name] if has_panel and self.drawn(figure) == [self.name] else []

    def _title_and_measures(self, figure: str) -> tuple[str, list[str]]:
        if figure in self.overviews:
            return self.title, self.overviews[figure]
        question = self._question_of(figure)
        return question["question"], question["measures"]

    def _question_of(self, figure: str) -> dict:
        """The question that a figure of its own answers, see `batchscope.study.study.own_figure`."""
        return self.spec["questions"][figure.partition("_")[2]]

    def curves(self, figure: str, studies: dict[str, "Study"]) -> dict:
        """A figure of learning curves that a question asks for."""
        question = self._question_of(figure)
        return {
            "title": question["question"],
            "studies": [studies[name].title for name in self.drawn(figure)],
            "measures": question["curves"],
        }

    def overview(self, figure: str, studies: dict[str, "Study"]) -> dict:
        """A figure of measures by batch size."""
        title, measures = self._title_and_measures(figure)
        return {
            "title": title,
            "studies": [studies[name].title for name in self.drawn(figure)],
            "scaled": [studies[name].title for name in self.drawn(figure) if studies[name].scales_rates],
            "measures": measures,
            "score": self.score,
            "part": self.chosen_on,
            "seed": self.spec["seed"],
        }


def _in_one_line(claim: dict, keys: tuple[str, ...]) -> dict[str, str]:
    """The texts that a claim of the config has under some keys, which may go over several lines there."""
    return {key: " ".join(claim[key].split()) for key in keys if key in claim}
