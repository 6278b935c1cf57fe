"""The explorer of a study: a page that holds what its trainings came to, and lets one look at it from all sides."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import vl_convert

from batchscope.evidence.comparisons import compare_on_this_split
from batchscope.evidence.metrics import timed_curves
from batchscope.evidence.rates import best_of_each_size
from batchscope.evidence.trainings import THIS_SPLIT, Trainings
from batchscope.files import digest, is_as_written, replacing
from batchscope.report.network import compressed
from batchscope.report.templates import write
from batchscope.report.words import MEASURES, SCORES
from batchscope.results.history import metrics_of
from batchscope.study.setting import Setting, setting_in_words, settings_in

PARTS = ("train", "test", "validation")
_SCRIPTS = ("data.js", "state.js", "charts.js", "network.js", "page.js")  # one module together, in this order
_PLACES = ["setting", "replicate", "epoch", "updates", "seconds"]  # columns that say where a curve is; they pack well
_MOST_VALUES = 2_400_000  # measured, of all curves together, which some 10 MB hold
_FEWEST_MEASUREMENTS, _FEWEST_REPLICATES = 25, 3  # of a setting's curves, however many settings there are
_MOST_AT_FIRST = 12  # settings that are chosen where nobody has chosen yet
_ASKED_OF_VEGA = "window.vegaEmbed = vegaEmbed"  # the one name that the scripts use
_MOST_PAIRS = 300  # of settings that are compared, as each takes some hundredths of a second


def read_curves(history: pd.DataFrame, timing: pd.DataFrame, settings: list[Setting], by_run: bool) -> pd.DataFrame:
    """A row per setting, by its number, replicate and measurement: how far it was trained, and what was measured.

    Args:
        history, timing, by_run: as `batchscope.evidence.metrics.measure_replicates` takes them.
        settings: in their order.
    """
    numbers = {setting: number for number, setting in enumerate(settings)}
    runs = [
        (rows, np.full(len(rows), numbers[setting]), seconds)
        for setting, _, rows, seconds in timed_curves(history, timing, by_run)
    ]
    rows, of_settings, seconds = map(np.concatenate, zip(*runs))
    curves = history.iloc[rows].assign(setting=of_settings, seconds=seconds)
    measures = [f"{part}_{score}" for score in ("accuracy", "loss", *metrics_of(history)) for part in PARTS]
    known = [measure for measure in measures if measure in history and history[measure].notna().any()]
    return curves[[*_PLACES, *known]].sort_values(_PLACES[:3], ignore_index=True)


def thin(curves: pd.DataFrame, most_values: int = _MOST_VALUES) -> tuple[pd.DataFrame, list[str]]:
    """Curves with at most so many measured values, as far as that goes, and a sentence for each way in which any lack.

    First measurements are left out, evenly and never the first or last of a setting, then the last replicates of all
    settings.
    """
    runs = curves.groupby(["setting", "replicate"])
    place = runs.cumcount()
    # That of its setting's longest run, so that replicates which were measured alike stay so, and have medians.
    length = place.groupby(curves["setting"]).transform("max") + 1
    measures = len(curves.columns.difference(_PLACES)) or 1  # none where every training diverged at once
    kept = max(most_values // (measures * runs.ngroups), _FEWEST_MEASUREMENTS)
    words = []
    if length.max() > kept:
        # The first of each of equal parts, and of a last one that is the last measurement alone.
        part, of_the_one_before = (each * (kept - 1) // (length - 1).clip(lower=1) for each in (place, place - 1))
        curves = curves[part > of_the_one_before]
        words.append(f"Curves have {kept} of up to {length.max()} measurements, evenly spaced.")
    rank = curves.groupby("setting")["replicate"].rank("dense")  # as settings may have other replicates each
    replicates = int(rank.max())
    fewer = max(most_values * replicates // (measures * len(curves)), _FEWEST_REPLICATES)
    if replicates > fewer:
        curves = curves[rank <= fewer]
        words.append(
            f"Curves are of the first {fewer} of {replicates} replicates; final values and differences are of all."
        )
    return curves, words


def pack(table: pd.DataFrame) -> dict:
    """A table of numbers as a page holds it: its columns, and all values in float64, column by column, compressed."""
    return {"columns": [*table], "rows": len(table), "gzip": compressed(table.to_numpy(np.float64).T)}


def differences(
    trainings: dict[str, Trainings],
    compared: pd.DataFrame,
    reference: Setting,
    first: list[int],
    measure: str,
    margin: float,
    seed: int,
) -> tuple[list[dict[int, dict]], list[str]]:
    """How far every setting lies from each that may be the reference, by the numbers of both.

    Args:
        trainings: as from `batchscope.evidence.trainings.read_trainings`.
        compared: the comparisons with the study's own reference, as from `batchscope.evidence.comparisons.compare`.
        reference, measure, margin, seed: what that was given.
        first: the numbers of the settings that are compared with each other where all are too many.

    Returns:
        For each setting as reference what `comparisons.csv` has, or would have, of the others; and a sentence where
        not all are compared with each other.
    """
    own = trainings[THIS_SPLIT]
    settings = own.settings
    few = len(settings) * (len(settings) - 1) <= _MOST_PAIRS
    numbers = {setting: number for number, setting in enumerate(settings)}
    among = settings if few else [settings[number] for number in first]
    is_among = [setting in among for setting in settings_in(own.replicates)]
    those = replace(own, replicates=own.replicates[is_among])

    def with_reference(setting: Setting) -> dict[int, dict]:
        if setting == reference:
            table = compared[compared["measure"] == measure]
        elif setting in among:
            table = compare_on_this_split(those, setting, measure, margin, seed)
        else:
            return {}
        rows = zip(settings_in(table), table.to_dict("records"))
        return {numbers[one]: _difference(row) for one, row in rows}

    found = [with_reference(setting) for setting in settings]
    words = (
        "There are too many settings to compare each with every other: all are compared with "
        f"{setting_in_words(reference)}, and the {len(among)} that are drawn at first with each other."
    )
    return found, [] if few else [words]


def _difference(row: dict) -> dict:
    return {
        "difference": _known(row["difference"]),
        "low": _known(row["low_on_this_split"]),
        "high": _known(row["high_on_this_split"]),
        "verdict": row["verdict_on_this_split"],
    }


def summarized(summary: pd.DataFrame, measures: list[str], settings: list[Setting]) -> list[dict[str, list]]:
    """Of each setting what `summary.csv` has of each measure: mean, and bounds for new rows where it has these."""
    columns = {
        measure: [f"{measure}_{name}{suffix}" for name, suffix in (("mean", ""), ("low", bounds), ("high", bounds))]
        for measure in measures
        for bounds in ["_on_this_split" if f"{measure}_low_on_this_split" in summary else ""]
    }
    rows = dict(zip(settings_in(summary), summary.to_dict("records")))
    return [
        {measure: [_known(rows[setting][name]) for name in names] for measure, names in columns.items()}
        for setting in settings
    ]


def chosen_at_first(summary: pd.DataFrame, score: str, settings: list[Setting]) -> list[int]:
    """The numbers of the settings that are drawn at first: all where they are few, else the best of each batch size.

    They are chosen on validation rows where there are any, as figures choose them; of many batch sizes evenly.
    """
    if len(settings) <= _MOST_AT_FIRST:
        return [*range(len(settings))]
    validation = f"validation_{score}"
    is_validated = f"{validation}_mean" in summary and summary[f"{validation}_mean"].notna().any()
    best = best_of_each_size(summary, validation if is_validated else f"test_{score}")
    evenly = np.linspace(0, len(best) - 1, min(len(best), _MOST_AT_FIRST)).round().astype(int)
    return sorted(settings.index(best[place]) for place in evenly)


def _known(value: float) -> float | None:
    """A number as JSON has it, which knows no NaN."""
    return float(value) if math.isfinite(value) else None


def read_explorer(
    history: pd.DataFrame,
    timing: pd.DataFrame,
    trainings: dict[str, Trainings],
    summary: pd.DataFrame,
    compared: pd.DataFrame,
    study: dict,
) -> dict:
    """What the explorer of a study holds, as JSON has it.

    Args:
        history, timing: as `batchscope.evidence.metrics.measure_replicates` takes them.
        trainings: as from `batchscope.evidence.trainings.read_trainings`.
        summary, compared: the tables of `summary.csv` and `comparisons.csv`.
        study: its `title`, the `score` that it is judged by, the `margin` of that and the `seed` of its statistics, the
            `reference` of its comparisons, the column in which trainings are `counted_in`, and `of_rows`, whether what
            single rows were scored is known.
    """
    replicates, by_setting = trainings[THIS_SPLIT].replicates, trainings[THIS_SPLIT].by_setting
    settings, score = trainings[THIS_SPLIT].settings, study["score"]
    curves, words = thin(read_curves(history, timing, settings, by_run=not study["of_rows"]))
    measures = [
        measure
        for each in dict.fromkeys([score, *SCORES])
        for part in ("test", "train", "validation")
        if (measure := f"{part}_{each}") in replicates and f"{measure}_mean" in summary
        if measure == f"test_{score}" or replicates[measure].notna().any()
    ]
    numbers = {setting: number for number, setting in enumerate(settings)}
    finals = replicates.assign(setting=[numbers[setting] for setting in settings_in(replicates)])
    measure, reference = f"test_{score}", Setting(*study["reference"])
    first = chosen_at_first(summary, score, settings)
    of_references, more_words = differences(
        trainings, compared, reference, first, measure, study["margin"], study["seed"]
    )
    return {
        "title": study["title"],
        "score": score,
        "settings": [setting._asdict() | {"words": setting.batch_sizes} for setting in settings],
        "curves": pack(curves),
        "scores": {
            name: SCORES[name] for name in SCORES if name == score or any(f"{part}_{name}" in curves for part in PARTS)
        },
        "finals": pack(finals[["setting", "replicate", *measures]]),
        "measures": {name: MEASURES[name] for name in measures},
        "summary": summarized(summary, measures, settings),
        "replicates": [len(by_setting[setting]) for setting in settings],
        "diverged": [int(by_setting[setting]["diverged"].sum()) for setting in settings],
        "compared": {"measure": measure, "margin": study["margin"], "by_reference": of_references},
        "reference": settings.index(reference),
        "first": first,
        "counted_in": study["counted_in"],
        "words": [*words, *more_words],
    }


def drawing_library(kept: Path) -> str:
    """Vega-Lite with all that it needs, as it is released; `kept` in a folder, as binding it takes longer than the rest
    of the explorer.
    """
    path = kept / f"vega_{digest([vl_convert.__version__, _ASKED_OF_VEGA], [])}.js"
    if not path.exists() or not is_as_written(path):
        with replacing(path) as temporary:
            temporary.write_text(vl_convert.javascript_bundle(_ASKED_OF_VEGA))
    return path.read_text()


def write_explorer(explorer: dict, templates: Path, library: str, path: str | Path) -> None:
    """Write the explorer, a page that needs no network.

    Args:
        explorer: as from `read_explorer`.
        templates: the folder of the report's templates.
        library: as from `drawing_library`.
    """
    scripts = "".join((templates / "explorer" / name).read_text() for name in _SCRIPTS)
    data = json.dumps(explorer, allow_nan=False).replace("<", "\\u003c")
    write(
        templates / "explorer.html.jinja",
        path,
        title=explorer["title"],
        words=explorer["words"],
        network=explorer.get("network"),
        data=data,
        scripts=[script.replace("</script", "<\\/script") for script in (library, scripts)],
    )
