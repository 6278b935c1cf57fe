"""The recommendation of a study in words: a page of Markdown, of which the report shows the sentences."""

from pathlib import Path

import numpy as np
import pandas as pd

from batchscope.files import replacing
from batchscope.pairs import paired_values
from batchscope.recommendation import JUDGED, NOT_DISTINGUISHABLE, advised, beyond, measures, recommend, settings_of
from batchscope.setting import SETTING, Setting
from batchscope.statistics import FEWEST, MOST_MORE, estimate_mean
from batchscope.words import interval, number

_HOW_TO_READ = (
    "*In brackets stand 95 % intervals over replicates, each for itself. A setting is worse where it is shown worse "
    "than the best, all settings tested together at a level of 5 %, the choice of the best included; equivalent where "
    "the difference is inside the margin; else undecided, with how many more replicates would decide with a power of "
    "80 %, were the measured difference the true one: by showing it, or that it is inside the margin, whichever takes "
    "fewer. Times are means; a replicate that never gets there counts with the length of its training. Seconds are "
    "measured once, on one machine: of settings that are close another run may choose the other.*"
)


def page(
    replicates: pd.DataFrame,
    title: str,
    target: float,
    train_rows: int,
    margins: dict[str, float],
    seed: int,
    score: str = "accuracy",
    part: str = "test",
) -> str:
    """The recommendation in Markdown: the advice first, a table per goal, what to try next, what is undecided.

    Args:
        replicates: as from `batchscope.metrics.measure_replicates`.
        title: of the study.
        target: the score that times are counted to.
        train_rows: the most that a batch can have.
        margins, seed, score, part: see `batchscope.recommendation.recommend`.
    """
    goals = recommend(replicates, margins, seed, score, part)
    chosen = advised(goals, replicates)
    names = {
        "score": f"final {part} {score}",
        "time": f"seconds to a {part} {score} of {target:g}",
        "stability": f"volatility of {part} {score}",
    }
    # What stands beside a goal's own measure.
    beside = {"score": [f"test_{score}"] * (part != "test"), "stability": []}
    beside["time"] = [measures(score, part)["time"].replace("seconds", unit) for unit in ("epochs", "updates")]
    headings = {"score": score.capitalize(), "time": "Time", "stability": "Stability"}
    blocks = [f"# What to take: {' '.join(title.split())}", f"**{_advice(goals, chosen, names, replicates)}**"]
    for goal, table in goals.items():
        blocks += [f"## {headings[goal]}", _ranking(table, names[goal])]
        if settings_of(table):
            blocks.append(_table(table, names[goal], beside[goal], replicates, seed))
    blocks += ["## What to try next", *_next(goals["score"], chosen, train_rows)]
    blocks += ["## What is undecided", *_undecided(goals, names, replicates), _HOW_TO_READ]
    return "\n\n".join(blocks) + "\n"


def write_page(text: str, path: str | Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def read_page(path: str | Path) -> dict:
    """The `advice` of a page and its other sentences, without headings, tables and how to read it."""
    _, advice, *blocks = Path(path).read_text().split("\n\n")
    return {"advice": advice.strip("*"), "sentences": [block for block in blocks if block[0] not in "#|*"]}


def _advice(goals: dict, chosen: list[Setting], names: dict[str, str], replicates: pd.DataFrame) -> str:
    if not chosen:
        return "Nothing can be recommended: at every setting most replicates diverged."
    good, stable = settings_of(goals["score"]), settings_of(goals["stability"])
    count = replicates["replicate"].nunique()
    if len(goals["score"]) == 1:
        return f"There is nothing to choose from: {_name(chosen[0])} alone was tried."
    if count < FEWEST:
        few = "One replicate decides" if count == 1 else f"{count} replicates decide"
        return f"{few} nothing, train at least {FEWEST}: so far {_name(chosen[0])} has the best {names['score']}."
    steadier = "" if chosen[0] in stable else f" The most stable is {_name(stable[0])}."
    if len(good) == 1:
        return f"Take {_name(good[0])}: it has the best {names['score']}.{steadier}"
    if len(chosen) == 1:
        return (
            f"Take {_name(chosen[0])}: of {len(good)} settings that may have the best {names['score']} it alone is "
            "among the most stable."
        )
    compared = goals["score"] if steadier else pd.concat([goals["score"], goals["stability"]])
    undecided = not set(settings_of(compared, ("undecided",))).isdisjoint(chosen)
    no_difference = "No difference is shown" if undecided else "No real difference"
    measured = names["score"] + " and its volatility" * (not steadier)
    return (
        f"{no_difference} in {measured} between {len(chosen)} settings: "
        f"take {_fastest(goals['time'], chosen, names['time'])}.{steadier}"
    )


def _fastest(times: pd.DataFrame, chosen: list[Setting], name: str) -> str:
    """The first of the chosen, with its seconds and those of the next ones where the target is reached."""
    seconds = {Setting(*row): mean for *row, mean in times[[*SETTING, "mean"]].itertuples(index=False)}
    there = [setting for setting in chosen if setting in settings_of(times, JUDGED)]
    if not there:
        return f"the one whose epochs are fastest, which is {_name(chosen[0])}"
    others = [f"; {_name(setting)}: {number(seconds[setting])} s" for setting in there[1:4]]
    to_target = name.removeprefix("seconds ")
    return f"the fastest {to_target}, which is {_name(there[0])} ({number(seconds[there[0]])} s{''.join(others)})"


def _ranking(table: pd.DataFrame, name: str) -> str:
    """The best of a goal, and the others by verdict."""
    several_rates = table["learning_rate"].nunique() > 1
    parts = []
    for setting in settings_of(table, ("best",)):
        best = table.iloc[0]
        parts.append(f"By {name} the best is {_name(setting)}: {interval(best['mean'], best['low'], best['high'])}.")
    if not parts:
        parts.append(f"By {name} there is no best.")
    for verdict, said in {
        "equivalent": "Equivalent",
        "undecided": "Undecided",
        "worse": "Worse",
        "never": "Most replicates never get there",
        "diverged": "Most replicates diverged",
    }.items():
        settings = settings_of(table, (verdict,))
        names = [each.batch_sizes + f" ({each.learning_rate:g})" * several_rates for each in settings]
        parts += [f"{said}: {', '.join(names)}."] * bool(names)
    return " ".join(parts)


def _table(table: pd.DataFrame, name: str, beside: list[str], replicates: pd.DataFrame, seed: int) -> str:
    """The settings that are the best of a goal or not distinguishable from it; `beside` are more measures of them."""
    best = table[table["verdict"].isin(NOT_DISTINGUISHABLE)]
    rows = []
    for setting, row in zip(settings_of(best), best.to_dict("records")):
        more = row["more_replicates"]
        cells = {
            "batch size": setting.batch_sizes,
            "learning rate": f"{setting.learning_rate:g}",
            name: interval(row["mean"], row["low"], row["high"]),
            **{measure.replace("_", " "): _mean(replicates, measure, setting, seed) for measure in beside},
            "difference from the best": interval(row["difference"], row["difference_low"], row["difference_high"]),
            "verdict": row["verdict"] + (f", {_more(more)} more replicates" if more == more else ""),
        }
        if table["diverged"].any():
            cells["diverged"] = f"{row['diverged']}"
        rows.append(cells)
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _mean(replicates: pd.DataFrame, measure: str, setting: Setting, seed: int) -> str:
    values, _ = paired_values(replicates, measure, [setting])
    mean, low, high, *_ = estimate_mean(values[:, 0], seed)
    return interval(mean, low, high)


def _next(scores: pd.DataFrame, chosen: list[Setting], train_rows: int) -> list[str]:
    """A sentence for each edge of what was tried that the best or the chosen settings lie on."""
    tried = settings_of(scores, tuple(scores["verdict"]))
    if not chosen:
        lowest = min(setting.learning_rate for setting in tried)
        return [f"Learning rate {lowest:g} is the lowest tried: try {lowest / 3:.2g}."]
    sizes, rates = {}, {}  # what lies on an edge, with what to try -> the batch sizes or the rates at which it does
    leading = dict.fromkeys([*settings_of(scores, ("best",)), *chosen])
    for setting in leading:
        further_sizes, further_rates = beyond(setting, tried, train_rows)
        sizes.setdefault((setting.batch_size, *further_sizes), []).append(f"{setting.learning_rate:g}")
        rates.setdefault((setting.learning_rate, *further_rates), []).append(setting.batch_sizes)
    sentences = [
        f"Batch size {_edge(size, further, 'smallest', 'largest')} tried at {_listed('learning rate', at)}: "
        f"try {_and([str(each) for each in further])}."
        for (size, *further), at in sizes.items()
        if further
    ] + [
        f"Learning rate {_edge(rate, further, 'lowest', 'highest')} tried at {_listed('batch size', at)}: "
        f"try {_and([f'{each:.2g}' for each in further])}."
        for (rate, *further), at in rates.items()
        if further
    ]
    if any(setting.batch_size == train_rows for setting in leading):
        sentences.append(f"Batch size {train_rows} is all training rows: there is none above it.")
    return sentences or ["Nothing: smaller and larger batch sizes and learning rates than these were tried."]


def _edge(value: float, further: list[float], least: str, most: str) -> str:
    """`4 is the smallest`, or `4 is the only one`."""
    what = "only one" if len(further) == 2 else least if further[0] < value else most
    return f"{value:g} is the {what}"


def _undecided(goals: dict[str, pd.DataFrame], names: dict[str, str], replicates: pd.DataFrame) -> list[str]:
    """A sentence for each goal in which settings are undecided, with how many more replicates would decide."""
    if replicates["replicate"].nunique() < FEWEST:
        return [f"Everything is undecided: fewer than {FEWEST} replicates decide nothing."]
    sentences = []
    for goal, table in goals.items():
        more = table.loc[table["verdict"] == "undecided", "more_replicates"]
        if len(more):
            which = "1 setting is" if len(more) == 1 else f"{len(more)} settings are"
            known = f"{_more(more.max())} more replicates would decide"
            needed = "too few pairs are left to say what would decide" if more.isna().all() else known
            sentences.append(f"By {names[goal]} {which} undecided against the best: {needed}.")
    return sentences or ["No setting is undecided against the best."]


def _more(replicates: float) -> str:
    return f"{replicates:.0f}" if np.isfinite(replicates) else f"more than {MOST_MORE:,}"


def _name(setting: Setting) -> str:
    return f"batch size {setting.batch_sizes} at learning rate {setting.learning_rate:g}"


def _listed(what: str, names: list[str]) -> str:
    """`batch size 8`, `batch sizes 8, 16 and 32`."""
    return f"{what}{'s' * (len(names) > 1)} {_and(names)}"


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
