"""What the gradient noise scale says of how large a batch pays, in sentences."""

import math
from pathlib import Path

import pandas as pd

from batchscope.evidence.noise_scale import ALL, LOST_IN_NOISE, MOMENT, TO_RESULT, read_tables
from batchscope.evidence.scaling import read_quantities
from batchscope.report.words import interval, number
from batchscope.results.gradients import ALL_LAYERS
from batchscope.study.scores import CRITICAL_BATCH_SIZE, NOISE_SCALE, NOISE_SCALE_GROWTH, NOISE_SCALE_OF_CRITICAL
from batchscope.study.setting import settings_in

_ESTIMATE = ["estimate", "low", "high"]
_ABOUT = 2  # a noise scale within this factor of the critical batch size is about right


def noise_in_words(noise: pd.DataFrame, summary: pd.DataFrame, scaling: pd.DataFrame | None = None) -> list[str]:
    """Above which batch size more rows do not pay, whether the study's own steps agree, and how that changes.

    Args:
        noise, summary: as from `batchscope.evidence.noise_scale.read_tables`.
        scaling: as from `batchscope.evidence.scaling.read_quantities`, of a study that counts steps to a result.
    """
    found = summary.set_index("quantity")
    over = TO_RESULT if (noise["over"] == TO_RESULT).any() else ALL
    taken = noise[noise["over"] == over]
    [whole] = taken[taken["layer"] == ALL_LAYERS].to_dict("records")
    first = [_what_pays(found.loc[NOISE_SCALE], whole, settings_in(noise)[0].batch_sizes)]
    if scaling is not None:
        critical = scaling.set_index("quantity").loc[CRITICAL_BATCH_SIZE]
        first.append(_own_steps(critical, found.loc[NOISE_SCALE_OF_CRITICAL]))
    sentences = [" ".join(first), _growth(found.loc[NOISE_SCALE_GROWTH]), _lost(noise), _by_layer(taken)]
    return [*filter(None, sentences)]


def read_noise(*tables: str | Path) -> list[str]:
    """The same from the files of the tables; nothing of a study that has none."""
    if not tables:
        return []
    noise, summary, *scaling = tables
    return noise_in_words(*read_tables(noise, summary), *map(read_quantities, scaling))


def _what_pays(scale: pd.Series, whole: dict, batch_size: str) -> str:
    """The noise scale and what is behind it, or why it is not known and what to do.

    Args:
        whole: the row of the noise scale in the other table.
        batch_size: that of the training that it is measured along.
    """
    if scale["refused"] == LOST_IN_NOISE:
        return _not_determined(scale["low"], whole["rows"] < whole["train_rows"])
    if scale["refused"]:
        return f"How large a batch pays in steps the gradient noise scale does not say: {scale['refused']}."
    size = interval(*scale[_ESTIMATE])
    before = {ALL: f"{whole['moments']} moments", TO_RESULT: f"up to {whole['moments']} moments before the result"}
    behind = (
        f"from gradients of {whole['rows']} rows at {before[whole['over']]}, of {scale['replicates']:.0f} trainings at "
        f"batch size {batch_size}"
    )
    if scale["estimate"] >= whole["train_rows"]:
        pays = f"Every batch size pays in steps, up to all {whole['train_rows']} training rows"
        return f"{pays}: the gradient noise scale is {size}, {behind}."
    pays = (
        f"A batch above about {size} does not pay in steps, as twice the batch then saves less than a quarter of them"
    )
    return f"{pays}: so large is the gradient noise scale, {behind}."


def _not_determined(at_least: float, more_rows: bool) -> str:
    bound = f", so it is at least {number(at_least)}" * math.isfinite(at_least)
    remedies = ["take gradients of more `rows`"] * more_rows + ["train more replicates", "measure at earlier moments"]
    do = f"{', '.join(remedies[:-1])} or {remedies[-1]}"
    return f"How large a batch pays in steps the gradient noise scale does not say: {LOST_IN_NOISE}{bound}; {do}."


def _own_steps(critical: pd.Series, ratio: pd.Series) -> str:
    """Whether the critical batch size, from updates to a result, agrees with the noise scale."""
    if critical["refused"]:
        return f"The study's own steps do not say where they bend: {critical['refused']}."
    off = f", with a law that is {100 * critical['fit_error']:.0f} % off on average"
    bend = f"The study's own steps bend at {interval(*critical[_ESTIMATE])}{off}"
    if ratio["refused"]:
        return f"{bend}."
    if ratio["low"] <= 1 <= ratio["high"]:
        agree = "agree within their intervals"
    elif ratio["low"] > 1 / _ABOUT and ratio["high"] < _ABOUT:
        agree = f"agree within a factor of {_ABOUT}"
    elif ratio["high"] <= 1 / _ABOUT or ratio["low"] >= _ABOUT:
        agree = f"do not agree within a factor of {_ABOUT}"
    else:
        agree = f"differ, undecided whether by more than a factor of {_ABOUT}"
    return f"{bend}, so the two {agree}: the noise scale is {interval(*ratio[_ESTIMATE])} times that."


def _growth(growth: pd.Series) -> str:
    if growth["refused"]:
        return f"Whether the noise scale rises within the training is not determined: {growth['refused']}."
    by = f"from the first half of the moments to the second: by a factor of {interval(*growth[_ESTIMATE])}"
    if growth["low"] > 1:
        return f"Within the training the noise scale rises {by}."
    if growth["high"] < 1:
        return f"Within the training the noise scale falls {by}."
    return f"Whether the noise scale rises or falls within the training is undecided {by}."


def _lost(noise: pd.DataFrame) -> str:
    """At how many of the moments alone there is a lower bound only."""
    moments = noise[(noise["over"] == MOMENT) & (noise["layer"] == ALL_LAYERS)]
    lost = moments[moments["refused"] == LOST_IN_NOISE]
    if lost.empty:
        return ""
    first = f"the first at epoch {lost['epoch'].min():g}"
    return f"At {len(lost)} of {len(moments)} moments, {first}, {LOST_IN_NOISE}, and the noise scale has no upper end."


def _by_layer(taken: pd.DataFrame) -> str:
    """The layers of the smallest and of the largest noise scale."""
    layers = taken[(taken["layer"] != ALL_LAYERS) & taken["noise_scale"].notna()]
    if len(layers) < 2:
        return ""
    ordered = layers.sort_values("noise_scale")
    least, most = (
        f"{row['layer']}, {interval(*row[['noise_scale', 'low', 'high']])}"
        for _, row in ordered.iloc[[0, -1]].iterrows()
    )
    return f"Of single layers the noise scale is smallest in {least}, and largest in {most}."
