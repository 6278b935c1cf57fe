"""The recommendation of a study in words: a page of Markdown, of which the report shows the sentences."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from batchscope.evidence.crossed import FEWEST
from batchscope.evidence.recommendation import (
    JUDGED,
    MOST_DIVERGED,
    NOT_DISTINGUISHABLE,
    advised,
    beyond,
    margins_of,
    measures,
    settings_of,
)
from batchscope.evidence.trainings import NEW_SPLITS, THIS_SPLIT, Trainings
from batchscope.files import replacing
from batchscope.report.words import (
    GUESSING,
    basis,
    bounds,
    capitalized,
    in_words,
    interval,
    number,
    seconds,
    target_by_guessing,
)
from batchscope.study.setting import SETTING, Setting

_HOW_TO_READ = (
    "In brackets stand 95 % intervals. Those of final scores are for new rows and new trainings; beside them stand "
    "those over trainings alone, which hold for these very rows. Volatility and epochs are over trainings alone. A "
    "setting is worse where it is shown worse than the best, all settings tested together at a level of 5 %, the "
    "choice of the best included; equivalent where the difference is inside the margin; else undecided, with how "
    "many more replicates or rows would decide with a power of 80 %, were the measured difference the true one. "
    "Epochs are means; a replicate that never gets there counts with the length of its training."
)


def page(
    trainings: dict[str, Trainings],
    ranked: dict[str, dict[str, pd.DataFrame]],
    title: str,
    target: float,
    train_rows: int,
    margins: dict[str, float],
    seed: int,
    score: str = "accuracy",
    part: str = "test",
    scaled: bool = False,
    resampled: bool = False,
    guess: float = math.nan,
    paired: bool = True,
    of_rows: bool = True,
    noise: Sequence[str] = (),
) -> str:
    """The recommendation in Markdown: the advice first, a table per goal, what to try next, what is undecided.

    Args:
        trainings: population (`this split` and perhaps `new splits`) -> its trainings.
        ranked: population -> goal -> its settings, as from `batchscope.evidence.recommendation.recommend`.
        title: of the study.
        target: the score that epochs are counted to.
        train_rows: the most that a batch can have.
        margins, seed, score, part: see `batchscope.evidence.recommendation.recommend`.
        scaled: learning rates go with the batch size.
        resampled: every replicate has a split of its own.
        guess: the score of guessing the largest class on the part; NaN of a loss.
        paired, of_rows: see `batchscope.report.words.basis`.
        noise: what the gradient noise scale says, as from `batchscope.report.noise_words.read_noise`.
    """
    [own, *_] = trainings.values()
    rows = f"{own.values(f'{part}_{score}', own.settings[:1])[0].shape[2]} " * of_rows
    places = {
        THIS_SPLIT: "On random splits" if resampled else f"Judged by these {rows}{part} rows",
        NEW_SPLITS: "On new splits",
    }
    ranked = {places[on]: goals for on, goals in ranked.items()}
    trainings = {places[on]: each for on, each in trainings.items()}
    by_goal = margins_of(margins, score, part)
    chosen = advised([*ranked.values()], by_goal)
    names = {
        "score": f"final {part} {in_words(score)}",
        "stability": f"volatility of {part} {in_words(score)}",
        "time": f"epochs to a {part} {in_words(score)} of {target:g}",
    }
    # What stands beside a goal's own measure.
    beside = {"score": [f"{part}_{score}_late"] + [f"test_{score}"] * (part != "test"), "stability": []}
    if score == "loss":
        beside["score"] += [f"{part}_rmse", f"{part}_mae"]
    beside["time"] = [measures(score, part)["time"].replace("epochs", unit) for unit in ("updates", "seconds")]
    headings = {"score": capitalized(in_words(score)), "stability": "Stability", "time": "Time"}
    [first, *_] = ranked.values()
    advice = [_advice(ranked, chosen, names, by_goal, own, part), *_by_guessing(first["score"], guess, names["score"])]
    advice += filter(None, [target_by_guessing(target, guess, score, part)])
    blocks = [f"# What to take: {' '.join(title.split())}", f"**{' '.join(advice)}**"]
    for place, goals in ranked.items():
        for goal, table in goals.items():
            blocks += [f"## {headings[goal]}, {_inside(place)}", _ranking(table, f"{place}, by {names[goal]}")]
            if settings_of(table):
                blocks.append(_table(table, names[goal], beside[goal], trainings[place], seed, part, of_rows))
    if not math.isnan(guess):
        blocks += ["## Guessing", f"Guessing the largest class has a {names['score']} of {number(guess)}."]
    if noise:
        blocks += ["## How large a batch pays in steps", *noise]
    blocks += ["## What to try next", *_next(first["score"], chosen, train_rows, scaled)]
    blocks.append("## What is undecided")
    for place, goals in ranked.items():
        blocks += [f"{place}, {sentence}" for sentence in _undecided(goals, names, trainings[place], part)]
    blocks += [f"*{sentence}*" for sentence in (_HOW_TO_READ, *basis(paired, of_rows))]
    return "\n\n".join(blocks) + "\n"


def _inside(place: str) -> str:
    """The name of a population inside a sentence."""
    return place[0].lower() + place[1:]


def write_page(text: str, path: str | Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def read_page(path: str | Path) -> dict:
    """The `advice` of a page and its other sentences, without headings, tables and how to read it."""
    _, advice, *blocks = Path(path).read_text().split("\n\n")
    return {"advice": advice.strip("*"), "sentences": [block for block in blocks if block[0] not in "#|*"]}


def _advice(
    ranked: dict[str, dict[str, pd.DataFrame]],
    chosen: list[Setting],
    names: dict[str, str],
    margins: dict[str, float],
    own: Trainings,
    part: str,
) -> str:
    """The advice: first what may be best and on what that rests, and only then a single setting."""
    tables = {place: goals["score"] for place, goals in ranked.items()}
    [goals, *_] = ranked.values()
    if not chosen:
        return "Nothing can be recommended: at every setting most replicates diverged."
    if len(goals["score"]) == 1:
        return f"There is nothing to choose from: {_name(chosen[0])} alone was tried."
    count = own.replicates["replicate"].nunique()
    if count < FEWEST:
        few = "One replicate decides" if count == 1 else f"{count} replicates decide"
        return (
            f"{few} nothing, train at least {_needed(goals['score'], count)}: so far {_name(chosen[0])} has the best "
            f"{names['score']}."
        )
    sentences = [f"{place}, {_may_be_best(table, names['score'])}." for place, table in tables.items()]
    answers = {frozenset(settings_of(table)) for table in tables.values()}
    if len(answers) > 1:
        sentences.insert(0, "The two answers differ.")
    elif len(tables) > 1:
        sentences[1:] = ["On new splits the same."]
    return " ".join([*sentences, _take(ranked, chosen, names, margins), *_caveats(tables, chosen, part)])


def _may_be_best(table: pd.DataFrame, name: str) -> str:
    """`3 of 11 settings may have the best ...: 500, 256 and 128`."""
    good = settings_of(table)
    if len(good) == 1:
        return f"{_name(good[0])} has the best {name}"
    others = [setting for setting in settings_of(table, tuple(table["verdict"])) if setting not in good]
    which = f": {_and(_short_names(good, table))}"
    if len(good) > 3 and 0 < len(others) < len(good):
        which = f", all but {_and(_short_names(others, table))}"
    return f"{len(good)} of {len(table)} settings may have the best {name}{which}"


def _take(
    ranked: dict[str, dict[str, pd.DataFrame]], chosen: list[Setting], names: dict[str, str], margins: dict[str, float]
) -> str:
    """The one to take, with why it rather than the others that may be best."""
    *_, goals = ranked.values()
    first = chosen[0]
    if all(len(settings_of(each["score"])) == 1 for each in ranked.values()):
        return f"Take {_name(first)}."
    reasons = []
    if "score" in margins:
        reasons.append(f"measured within {margins['score']:g} of the best")
    reasons.append("as calm as any of those" if len(chosen) > 1 else "the calmest of those")
    times = goals["time"].set_index(SETTING)["mean"]
    if first in settings_of(goals["time"], JUDGED):
        place = "first at" if len(chosen) > 1 else "at"
        reasons.append(f"{place} a {names['time'].split(' to a ')[1]} ({number(times.loc[first])} epochs)")
    return f"Take {_name(first)}: {_and(reasons)}."


def _caveats(tables: dict[str, pd.DataFrame], chosen: list[Setting], part: str) -> list[str]:
    """What the advice leaves out: diverged replicates, rates that were not tried, and what it was chosen on."""
    [table, *_] = tables.values()
    caveats = []
    here = table.set_index(SETTING).loc[chosen[0]]
    share = here["diverged"] / here["replicates"]
    if share > MOST_DIVERGED:
        caveats.append(f"But {share:.0%} of its replicates diverged, as of all settings too many did.")
    lost = table[table["verdict"] == "diverged"]
    if len(lost):
        shares = [
            f"{name} ({share:.0%})"
            for name, share in zip(
                _short_names(settings_of(lost, ("diverged",)), table), lost["diverged"] / lost["replicates"]
            )
        ]
        caveats.append(f"Left out, as replicates diverged: {_and(shares)}.")
    if few := settings_of(table, ("few",)):
        caveats.append(f"Left out, with fewer than {FEWEST} replicates: {_and(_short_names(few, table))}.")
    at_this_size = [
        each.learning_rate for each in settings_of(table, tuple(table["verdict"])) if each[0::2] == chosen[0][0::2]
    ]
    if len(at_this_size) == 1:
        caveats.append(f"Learning rate {chosen[0].learning_rate:g} was not tuned.")
    if part == "test":
        caveats.append("All this was chosen on the test rows themselves, which flatters it.")
    return caveats


def _by_guessing(scores: pd.DataFrame, guess: float, name: str) -> list[str]:
    """A warning where not even the best setting is shown to do better than guessing."""
    best = scores[scores["verdict"] == "best"]
    if not (best["low"] <= guess).any():
        return []
    return [f"But no setting is shown to have a better {name} than {GUESSING}, {number(guess)}."]


def _needed(scores: pd.DataFrame, count: int) -> int:
    """How many replicates would decide what can be decided, as far as so few can tell."""
    more = scores["more_replicates"][np.isfinite(scores["more_replicates"])]
    return max(FEWEST, count + int(more.max()) if len(more) else FEWEST)


def _short_names(settings: list[Setting], table: pd.DataFrame) -> list[str]:
    """Batch sizes, with the learning rate where the table has several at one of them."""
    several = table.groupby(["batch_size", "schedule"])["learning_rate"].nunique() > 1
    return [each.batch_sizes + (f" ({each.learning_rate:g})" if several[each[0::2]] else "") for each in settings]


def _ranking(table: pd.DataFrame, where: str) -> str:
    """The best of a goal on a population, and the others by verdict."""
    parts = []
    for setting in settings_of(table, ("best",)):
        best = table.iloc[0]
        parts.append(
            f"{where} the best measured is {_name(setting)}: {interval(best['mean'], best['low'], best['high'])}."
        )
    if not parts:
        parts.append(f"{where} there is no best.")
    for verdict, said in {
        "equivalent": "Equivalent",
        "undecided": "Undecided",
        "worse": "Worse",
        "never": "Most replicates never get there",
        "few": "Too few replicates to take part",
        "diverged": "Too many replicates diverged",
    }.items():
        if settings := settings_of(table, (verdict,)):
            parts.append(f"{said}: {', '.join(_short_names(settings, table))}.")
    return " ".join(parts)


def _table(
    table: pd.DataFrame, name: str, beside: list[str], trainings: Trainings, seed: int, part: str, of_rows: bool
) -> str:
    """The settings that are the best of a goal or not distinguishable from it; `beside` are more measures of them."""
    best = table[table["verdict"].isin(NOT_DISTINGUISHABLE)]
    rows = []
    for setting, row in zip(settings_of(best), best.to_dict("records")):
        more = _more(row["more_replicates"], row["more_rows"], part)
        alone, wide = ((row[f"low{where}"], row[f"high{where}"]) for where in ("_on_these_rows", ""))
        cells = {
            "batch size": setting.batch_sizes,
            "learning rate": f"{setting.learning_rate:g}",
            name: interval(row["mean"], *wide),
            **({"over trainings alone": bounds(*alone) if alone != wide else "the same"} if of_rows else {}),
            **{in_words(measure): _mean(trainings, measure, setting, seed) for measure in beside},
            "difference from the best": interval(row["difference"], row["difference_low"], row["difference_high"]),
            "verdict": row["verdict"] + (f", {more}" if more else ""),
        }
        if table["diverged"].any():
            cells["diverged"] = f"{row['diverged']}"
        rows.append(cells)
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _mean(trainings: Trainings, measure: str, setting: Setting, seed: int) -> str:
    estimate = trainings.estimate(measure, setting, seed)
    if "seconds" in measure:
        return seconds(estimate.estimate)
    return interval(estimate.estimate, estimate.low, estimate.high)


def _next(scores: pd.DataFrame, chosen: list[Setting], train_rows: int, scaled: bool) -> list[str]:
    """A sentence for each edge of what was tried that the best or the chosen settings lie on."""
    tried = settings_of(scores, tuple(scores["verdict"]))
    if not chosen:
        lowest = min(setting.learning_rate for setting in tried)
        return [f"Learning rate {lowest:g} is the lowest tried: try {lowest / 3:.2g}."]
    sizes, rates = {}, {}  # what lies on an edge, with what to try -> the batch sizes or the rates at which it does
    leading = dict.fromkeys([*settings_of(scores, ("best",)), *chosen])
    for setting in leading:
        further_sizes, further_rates = beyond(setting, tried, train_rows, scaled)
        sizes.setdefault((setting.batch_size, *further_sizes), []).append(f"{setting.learning_rate:g}")
        rates.setdefault((setting.learning_rate, *further_rates), []).append(setting.batch_sizes)
    sentences = [
        f"Batch size {_edge(size, further, 'smallest', 'largest')} tried"
        f"{'' if scaled else ' at ' + _listed('learning rate', at)}: try {_and([str(each) for each in further])}."
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


def _undecided(goals: dict[str, pd.DataFrame], names: dict[str, str], trainings: Trainings, part: str) -> list[str]:
    """A sentence for each goal in which settings are undecided, with what would decide."""
    if trainings.replicates["replicate"].nunique() < FEWEST:
        return [f"everything, as fewer than {FEWEST} replicates decide nothing."]
    sentences = []
    for goal, table in goals.items():
        undecided = table[table["verdict"] == "undecided"]
        if len(undecided):
            which = "1 setting is" if len(undecided) == 1 else f"{len(undecided)} settings are"
            more = _more(undecided["more_replicates"].max(), undecided["more_rows"].max(), part)
            needed = f"{more} would decide" if more else "too few pairs are left to say what would decide"
            sentences.append(f"by {names[goal]} {which} undecided against the best; {needed}.")
    return sentences or ["nothing; every setting is told from the best, or equivalent."]


def _more(replicates: float, rows: float, part: str) -> str:
    """What would decide: `12 more replicates or 300 more test rows`; nothing where that is not known."""
    if math.isnan(replicates):
        return ""
    ways = [f"{replicates:,.0f} more replicates"] * math.isfinite(replicates)
    ways += [f"{rows:,.0f} more {part} rows"] * math.isfinite(rows)
    return " or ".join(ways) or "more replicates and rows together"


def _name(setting: Setting) -> str:
    return f"batch size {setting.batch_sizes} at learning rate {setting.learning_rate:g}"


def _listed(what: str, names: list[str]) -> str:
    """`batch size 8`, `batch sizes 8, 16 and 32`."""
    return f"{what}{'s' * (len(names) > 1)} {_and(names)}"


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
