"""A study of any kind: its settings, what it is judged by, what it draws."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from batchscope.model.losses import score_of
from batchscope.study.scores import METRICS
from batchscope.study.setting import CONSTANT, FEWEST_RATES, Setting, make_setting, rates, spelling, stages

BOUNDS = ("above", "below", "within")  # keys of a claim: where its measure is expected
ON_SCORECARD = ("reports", "would_change")  # keys of a claim: words that no verdict depends on


def splits_drawn(spec: dict) -> int:
    """How many new splits a study asks for, by all of its keys; the first ones serve each."""
    return max(spec.get("new_splits", {}).get("replicates", 0), spec.get("variance", {}).get("splits", 0))


@dataclass(frozen=True)
class Study:
    """A checked study: `spec` as in the config with all defaults, and how many rows it trains on."""

    name: str
    spec: dict
    train_rows: int

    @property
    def title(self) -> str:
        return self.spec.get("title", self.name)

    @property
    def score(self) -> str:
        """What settings are judged by, of `batchscope.study.scores.SCORES`: the loss where numbers are learned, else
        what the study says, or accuracy.
        """
        learned = score_of(self.spec["loss"]) if "loss" in self.spec else "accuracy"
        return learned if learned == "loss" else self.spec.get("score", learned)

    @property
    def of_all_rows(self) -> str:
        """What is measured of training rows as well: loss or accuracy, as the study is judged by a loss or not."""
        return "loss" if self.score == "loss" else "accuracy"

    @property
    def counted_in(self) -> str:
        """What all trainings have as many of, a column of histories: `epoch` or `updates`."""
        return "updates" if "updates" in self.spec else "epoch"

    @property
    def metrics(self) -> list[str]:
        """What is measured beside loss and accuracy."""
        raise NotImplementedError

    @property
    def has_validation(self) -> bool:
        """Whether there are validation rows."""
        raise NotImplementedError

    @property
    def metrics_measured(self) -> list[str]:
        """The same, the score among it."""
        return [metric for metric in METRICS if metric in (*self.metrics, self.score)]

    @property
    def overviews(self) -> dict[str, list[str]]:
        """The figures of measures by batch size that every study has: name -> measures."""
        final = [f"test_{self.score}", f"test_{self.of_all_rows}", f"train_{self.of_all_rows}"]
        final += [f"test_{metric}" for metric in self.metrics_measured]
        return {
            f"final_{self.score}": list(dict.fromkeys(final)),
            "volatility": [f"test_{self.score}_volatility"],
            "time_to_target": ["epochs_to_target", "updates_to_target", "seconds_to_target"],
        }

    def setting(self, batch_size: int | str | dict, learning_rate: float | None = None) -> Setting:
        """A batch size of the config with a learning rate, the study's first one where left out."""
        rate = self.rates(batch_size)[0] if learning_rate is None else learning_rate
        return make_setting(batch_size, float(rate), self.train_rows)

    @property
    def scales_rates(self) -> bool:
        """Whether its learning rates go with the batch size."""
        return isinstance(self.spec["learning_rates"], dict) and self.spec["learning_rates"]["scaling"] != "none"

    @property
    def scales_every_stage(self) -> bool:
        """Whether they go on with it while the batch size of a schedule changes."""
        return self.scales_rates and self.spec["learning_rates"].get("every_stage", False)

    def rates(self, batch_size: int | str | dict) -> list[float]:
        """The learning rates at a batch size of the config, of a schedule those that it begins with."""
        return rates(self.spec["learning_rates"], stages(batch_size, 0, self.train_rows)[0][0])

    @cached_property
    def trainings(self) -> dict[str, dict[Setting, int | str | dict]]:
        """What each training job trains: the spelling of its batch size -> settings, with the batch size of the config.

        The panels and the single figures together. A number that is written both as such and as `full` is one batch
        size, under the first spelling.
        """
        spelled: dict[tuple, str] = {}
        trainings: dict[str, dict[Setting, int | str | dict]] = {}
        for batch, rate in self._wanted:
            setting = self.setting(batch, rate)
            name = spelled.setdefault((setting.batch_size, setting.schedule), spelling(batch))
            trainings.setdefault(name, {})[setting] = batch
        return {
            name: dict(sorted(settings.items(), key=lambda item: -item[0].learning_rate))
            for name, settings in trainings.items()
        }

    @property
    def _wanted(self) -> Iterable[tuple[int | str | dict, float]]:
        """The batch size, as in the config, and the learning rate of all settings; some may be there twice."""
        for batch_size in self.spec["batch_sizes"]:
            for rate in self.rates(batch_size):
                yield batch_size, rate
        for curve in self.spec["learning_curves"].values():
            yield curve["batch_size"], curve["learning_rate"]

    @cached_property
    def settings(self) -> list[Setting]:
        return [setting for settings in self.trainings.values() for setting in settings]

    @property
    def is_on_scorecard(self) -> bool:
        """Whether it is a miniature of a paper, of which it claims anything."""
        return "paper" in self.spec and bool(self.spec["claims"])

    @property
    def sizes_of_many_rates(self) -> list[int]:
        """The constant batch sizes at three learning rates or more."""
        counts = Counter(setting.batch_size for setting in self.settings if setting.schedule == CONSTANT)
        return sorted(size for size, count in counts.items() if count >= FEWEST_RATES)

    @property
    def maps_rates(self) -> bool:
        """Whether there is a map of batch size and learning rate: at least two batch sizes have rates enough."""
        return len(self.sizes_of_many_rates) > 1

    def is_trained(self, named: dict) -> bool:
        """Whether a setting that the config names, by batch size and perhaps learning rate, is among the settings."""
        return self.setting(named["batch_size"], named.get("learning_rate")) in self.settings

    def not_tested(self, studies: dict[str, "Study"]) -> list[str]:
        """The claims about settings that are not trained, be they of this study or of others."""
        return [
            name
            for name, claim in self.spec["claims"].items()
            if not all(studies[named.get("study", self.name)].is_trained(named) for named in settings_named(claim))
        ]

    @property
    def elsewhere(self) -> list[str]:
        """The names of the other studies that claims are about."""
        named = [setting for claim in self.spec["claims"].values() for setting in settings_named(claim)]
        return sorted({setting["study"] for setting in named if "study" in setting} - {self.name})

    @property
    def chosen_on(self) -> str:
        """The part of the rows that settings are chosen on."""
        return "validation" if self.has_validation else "test"

    @property
    def figures(self) -> dict[str, str]:
        """The names of all figures, each with that of its caption; those of one caption stand together."""
        questions = self.spec["questions"].items()
        answers, curves = (
            [own_figure(name, question) for name, question in questions if key in question]
            for key in ("measures", "curves")
        )
        asked_for = ("ensembles", "variance", "pace", "dataset", "steps_to_result", "budgets", "noise_scale")
        asked_for = [name for name in asked_for if name in self.spec]
        mapped = ["rates"] if self.maps_rates else []
        return {
            **{name: name for name in ("batch_sizes", "which_is_best", *mapped)},
            **dict.fromkeys([*self.overviews, *answers], "measures"),
            **dict.fromkeys([f"learning_curve_{name}" for name in self.spec["learning_curves"]], "learning_curve"),
            **{name: name for name in asked_for},
            **dict.fromkeys(curves, "curves"),
        }


def own_figure(name: str, question: dict) -> str:
    """The name of the figure that answers a question, where it is none that the study has anyway."""
    return f"{'curves' if 'curves' in question else 'answer'}_{name}"


def settings_named(claim: dict) -> list[dict]:
    """The settings that a claim of the config is about."""
    return [claim[key] for key in ("of", "against") if key in claim] + [
        {"batch_size": batch_size} for batch_size in claim.get("along", [])
    ]
