"""How many updates batch sizes take to a result, in sentences."""

import pandas as pd

from batchscope.evidence.scaling import DIMINISHING, NO_MORE, PERFECT
from batchscope.report.words import in_words, interval
from batchscope.study.scores import CRITICAL_BATCH_SIZE, FEWEST_UPDATES

_REGIMES = {
    PERFECT: "At {}, at most a tenth of that, twice the batch size takes half the updates, but for 10 %.",
    DIMINISHING: "At {} returns diminish.",
    NO_MORE: "At {}, at least ten times that, there is no more to gain than 10 %.",
}
_NOT_SEEN = {
    PERFECT: "Perfect scaling is not seen here, as no batch size is that small.",
    DIMINISHING: "Where returns diminish no batch size was tried.",
    NO_MORE: "Where there is no more to gain is not seen here, as no batch size is that large.",
}


def steps_in_words(steps: pd.DataFrame, scaling: pd.DataFrame, score: str, result: float) -> list[str]:
    """What came out, how rates were chosen, and what is not in the fit, a sentence or more each.

    Args:
        steps, scaling: as from `batchscope.evidence.steps_to_result.read_tables`.
        score, result: what is reached.
    """
    law = scaling.set_index("quantity")
    critical, fewest = law.loc[CRITICAL_BATCH_SIZE], law.loc[FEWEST_UPDATES]
    what = f"updates to a test {in_words(score)} of {result:g}"
    if critical["refused"]:
        said = [f"Of the {what} the critical batch size is not determined: {critical['refused']}."]
    else:
        said = [
            f"Of the {what} the critical batch size is {interval(*critical[['estimate', 'low', 'high']])}.",
            *(_regime(steps, name) for name in _REGIMES),
            f"On average a batch size is {100 * critical['fit_error']:.0f} % off the law.",
        ]
    if not fewest["refused"]:
        said.append(f"The fewest updates are {interval(*fewest[['estimate', 'low', 'high']])}.")
    elif fewest["refused"] != critical["refused"]:
        said.append(f"Nor are the fewest updates: {fewest['refused']}.")
    sentences = [" ".join(said)]
    if (steps["chosen_on"] == "test").all():
        sentences.append("Without validation rows, the learning rate of each batch size was chosen on the test rows.")
    out = steps[steps["why_not"] != ""].groupby("why_not", sort=False)["batch_size"]
    if reasons := [f"{_listed(sizes)} ({why})" for why, sizes in out]:
        sentences.append(f"Not in the fit of {what}: {'; '.join(reasons)}.")
    return sentences


def _regime(steps: pd.DataFrame, name: str) -> str:
    sizes = steps.loc[steps["regime"] == name, "batch_size"]
    return _REGIMES[name].format(_listed(sizes)) if len(sizes) else _NOT_SEEN[name]


def _listed(sizes: pd.Series) -> str:
    return ", ".join(map(str, sizes))
