"""Figures at the widths of journals, in other fonts and without titles."""

import itertools
import math
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from batchscope.data.dataset import Dataset
from batchscope.errors import ConfigError
from batchscope.evidence.budgets import COLUMNS as AT_BUDGETS
from batchscope.evidence.comparisons import compare
from batchscope.evidence.rates import add_usable_octaves, map_rates
from batchscope.evidence.recommendation import COLUMNS as RANKED
from batchscope.evidence.recommendation import rank
from batchscope.evidence.trainings import Trainings
from batchscope.evidence.variance import decompose
from batchscope.report.budgets_figure import plot_budgets
from batchscope.report.evidence_figures import plot_pace, plot_variance, plot_which_is_best
from batchscope.report.figures import plot_batch_sizes, plot_dataset, plot_learning_curve
from batchscope.report.look import Look, check_font
from batchscope.report.overview import plot_ensembles, plot_measures
from batchscope.report.rates_figure import plot_rates
from batchscope.report.style import plt
from batchscope.results.pace_summary import COLUMNS as PACE
from batchscope.results.pace_summary import WAYS
from batchscope.study.config import SCHEMA
from batchscope.study.scores import BUDGETS
from batchscope.study.setting import CONSTANT, Setting
from tests.unit.evidence.test_variance import crossed
from tests.unit.tables import history, populations, replicates

TITLE = "A study of what the size of the batches does: which is best?"
BATCH_SIZES = (1, 4, 32, 450)
VERDICTS = ("better", "equivalent", "undecided")
RATES = (0.1, 0.01, 0.001)
SETTINGS = [Setting(batch_size, rate) for batch_size in BATCH_SIZES for rate in RATES]
GROWING = Setting(120, 0.1, "4x20_256x20")
RANDOM = np.random.default_rng(0)


def curves(settings: list[Setting]) -> tuple[pd.DataFrame, pd.DataFrame]:
    rising = 0.5 + 0.3 * np.linspace(0, 1, 20) + RANDOM.normal(0, 0.02, (5, 20))
    summary = pd.DataFrame([each._asdict() for each in settings]).assign(replicates=5, diverged=1, test_guess=0.45)
    bounds = {"mean": 0.8, "low_on_this_split": 0.75, "high_on_this_split": 0.85}
    summary = summary.assign(**{f"test_accuracy_{name}": value for name, value in bounds.items()})
    return pd.concat([history(rising.tolist(), each) for each in settings]), summary


def dataset(look: Look):
    x, y = RANDOM.normal(size=(40, 4)).astype(np.float32), np.arange(40) % 5
    labels = np.array(["malignant", "benign", "not known", "a longer name of a class", "other"])
    return plot_dataset(Dataset(x[:20], y[:20], x[20:], y[20:], labels=labels), TITLE, look=look)


def learning_curve(look: Look):
    return plot_learning_curve(*curves([SETTINGS[0]]), TITLE, SETTINGS[0], "accuracy", look=look)


def panels(look: Look):
    settings = [*(Setting(2**power, 0.1) for power in range(9)), GROWING]
    return plot_batch_sizes(*curves(settings), TITLE, settings, 1, "accuracy", look=look)


def panels_of_rates(look: Look):
    return plot_batch_sizes(*curves(SETTINGS), TITLE, SETTINGS, len(RATES), "accuracy", look=look)


def measures(look: Look):
    tables = [replicates({size: RANDOM.normal(0.8, 0.02, 5) for size in BATCH_SIZES}) for _ in RATES]
    table = pd.concat([table.assign(learning_rate=rate) for table, rate in zip(tables, RATES)])
    names = ["test_accuracy", "test_accuracy_volatility", "epochs_to_target", "seconds_to_target"]
    table[names[2:]] = RANDOM.uniform(1, 200, (len(table), 2))
    return plot_measures({"a study": [table], "another study": [table]}, names, TITLE, seed=0, look=look)


def differences(look: Look):
    means = zip(SETTINGS, (0.5, 0.4, 0.79, 0.8, 0.5, 0.82, 0.8, 0.79, 0.78, 0.81, 0.8, 0.79))
    tables = [
        replicates({each.batch_size: RANDOM.normal(mean, 0.01, 8)}).assign(learning_rate=each.learning_rate)
        for each, mean in means
    ]
    table = pd.concat(tables)
    margins = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.01}
    compared = compare(populations(table), SETTINGS[-1], margins, seed=0)
    return plot_measures({"a study": [table]}, [*margins], TITLE, seed=0, comparisons=compared, look=look)


def which_is_best(look: Look):
    rows = []
    for on, (place, setting) in itertools.product(("this split", "new splits"), enumerate(SETTINGS)):
        difference = {"difference": -0.01 * place, "difference_low": -0.01 * place - 0.02, "difference_high": 0.01}
        alone = {"difference_low_on_these_rows": -0.01 * place, "difference_high_on_these_rows": 0.0}
        verdict = "best" if place == 0 else "undecided" if place < 5 else "worse"
        rows.append(
            setting._asdict() | {"on": on, "goal": "score", "mean": 0.8, "verdict": verdict} | difference | alone
        )
    ranked = pd.DataFrame(rows, columns=["on", "goal", *RANKED])
    return plot_which_is_best(ranked, TITLE, "accuracy", "test", guess=0.75, look=look)


def ensembles(look: Look):
    rows = [(ensemble, k, 0.7, 0.7 + k / 100, 0.72) for ensemble in range(4) for k in (1, 2, 3)]
    columns = ["ensemble", "members", "one", "mean_prediction", "best_on_validation"]
    return plot_ensembles(pd.DataFrame(rows, columns=columns), TITLE, seed=0, look=look)


def variance(look: Look):
    sds = dict.fromkeys(("split", "weights", "order", "interaction"), 0.02)
    parts = [decompose(crossed(RANDOM, sds, levels=3).assign(batch_size=size), "test_accuracy") for size in BATCH_SIZES]
    table = pd.concat([part.assign(learning_rate=rate) for part in parts for rate in RATES[:2]])
    return plot_variance(table, TITLE, "accuracy", look=look)


def pace(look: Look):
    rows = [
        (str(size), size, CONSTANT, way, 1 + 29 * (way == WAYS[0]), seconds, 0.9 * seconds, 1.1 * seconds, 3, seconds)
        for size, (way, seconds) in itertools.product(BATCH_SIZES, zip(WAYS, (0.05, 0.1, 20.0)))
    ]
    return plot_pace(pd.DataFrame(rows, columns=PACE), TITLE, look=look)


def rates(look: Look):
    rows = [
        (each, replicate, 0.9 - abs(math.log10(each.learning_rate * 50)) + RANDOM.normal(0, 0.02))
        for each in SETTINGS
        for replicate in range(8)
    ]
    table = pd.DataFrame([(*each, replicate, score) for each, replicate, score in rows])
    table.columns = [*Setting._fields, "replicate", "test_accuracy"]
    table["diverged"] = (table["learning_rate"] == 0.1) & (table["replicate"] < 3)
    table.loc[table["diverged"], "test_accuracy"] = math.nan
    trainings = Trainings(add_usable_octaves(table, "accuracy", 0.5))
    ranked = rank(trainings, "test_accuracy", 0.01, seed=0).assign(on="this split", goal="score")
    summary = ranked.rename(columns={"mean": "test_accuracy_mean"})
    mapped = map_rates(trainings, "accuracy", 0.5, "test", seed=0)
    return plot_rates(mapped, summary, ranked, TITLE, "accuracy", "test", look=look)


def budgets(look: Look):
    rows = [
        (
            budget,
            15.6 if budget == "epochs" else 0.0123,
            size,
            0.1,
            CONSTANT,
            8,
            mean,
            mean - 0.02,
            mean + 0.02,
            verdict,
        )
        for budget in BUDGETS
        for size, mean, verdict in zip(BATCH_SIZES, (0.82, 0.8, 0.77, 0.79), (*VERDICTS, "reference"))
    ]
    return plot_budgets(pd.DataFrame(rows, columns=[*AT_BUDGETS[:9], "verdict"]), TITLE, "accuracy", look=look)


FIGURES = [
    *(
        dataset,
        learning_curve,
        panels,
        panels_of_rates,
        measures,
        differences,
        which_is_best,
        ensembles,
        variance,
        pace,
    ),
    *(rates, budgets),
]


def written(figure, look: Look) -> dict[str, Bbox]:
    """All text that is drawn in a figure, with the place that it takes."""
    places = {}
    draw = Text.draw

    def draw_and_note(text, renderer, *arguments, **options):
        if text.get_visible() and text.get_text().strip():
            places[f"{len(places)}: {text.get_text()}"] = text.get_window_extent(renderer)
        return draw(text, renderer, *arguments, **options)

    with plt.rc_context(look.style), mock.patch.object(Text, "draw", draw_and_note):
        figure.canvas.draw()
    return places


@pytest.mark.parametrize(
    ("width", "font_size"), [("single", 7), ("double", 7), ("single", 10), ("double", 10), (57, 7)]
)
@pytest.mark.parametrize("draw", FIGURES)
def test_text_does_not_overlap_and_stays_within_the_figure(draw, width, font_size):
    look = Look(width, font_size=font_size)
    figure = draw(look)
    places = written(figure, look)
    edge = figure.bbox.padded(1)
    outside = [text for text, box in places.items() if not (edge.contains(*box.min) and edge.contains(*box.max))]
    assert outside == []
    closer = {text: box.padded(-1) for text, box in places.items()}  # by a third of a point
    overlapping = [pair for pair in itertools.combinations(closer, 2) if closer[pair[0]].overlaps(closer[pair[1]])]
    assert overlapping == []
    plt.close(figure)


@pytest.mark.parametrize("draw", FIGURES)
def test_a_figure_has_the_width_and_font_that_the_config_says_and_no_title(draw):
    figure = draw(Look("double", "STIXGeneral", 9, titles=False))
    assert figure.get_size_inches()[0] == pytest.approx(180 / 25.4)
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert {text.get_fontfamily()[0] for text in texts} == {"STIXGeneral"}
    assert {round(text.get_fontsize(), 2) for text in texts} <= {9, round(9 * 6.5 / 7, 2)}
    assert not any("A study of what" in text.get_text() for text in texts)
    plt.close(figure)


def test_panels_stand_beside_each_other_where_there_is_room():
    grids = {width: measures(Look(width)).axes[0].get_gridspec().get_geometry() for width in ("single", 120, "double")}
    assert grids == {"single": (4, 1), 120: (2, 2), "double": (2, 3)}
    plt.close("all")


@pytest.mark.parametrize(("look", "grid"), [(Look("single", font_size=10), (5, 2)), (Look("double"), (3, 4))])
def test_panels_of_batch_sizes_stand_beside_each_other_in_any_size_of_text(look, grid):
    assert panels(look).axes[0].get_gridspec().get_geometry() == grid
    plt.close("all")


def test_where_every_training_diverged_none_is_best():
    rows = [each._asdict() | {"on": "this split", "goal": "score", "verdict": "diverged"} for each in SETTINGS]
    ranked = pd.DataFrame(rows, columns=["on", "goal", *RANKED])
    figure = plot_which_is_best(ranked, TITLE, "accuracy", "test", guess=0.5)
    [axes] = figure.axes
    figure.canvas.draw()
    assert [line for line in axes.lines if len(line.get_xdata()) and line.get_marker() != "None"] == []
    plt.close("all")


def test_the_usual_look_is_that_of_the_schema():
    described = yaml.safe_load(SCHEMA.read_text())["properties"]["figures"]["properties"]
    assert Look(**{key: described[key]["default"] for key in described if key != "formats"}) == Look()


def test_a_font_that_is_not_there_is_told_with_the_remedy():
    check_font("STIXGeneral")
    with pytest.raises(ConfigError, match=r"figures.font: the font 'Helvatica' is not installed .* \(DejaVu Sans, "):
        check_font("Helvatica")
