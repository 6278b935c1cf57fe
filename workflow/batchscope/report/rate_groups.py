"""How settings are told apart by their learning rate in figures by batch size, where there may be many rates."""

import pandas as pd

from batchscope.study.setting import SETTING, Setting, rows_of, settings_in

_MOST_RATES = 8  # as many as there are colours
_MOST_PLACES = 4
_PLACES = {
    1: ["learning rate by batch size"],
    2: ["lower learning rate", "higher learning rate"],
    3: ["lowest learning rate", "middle learning rate", "highest learning rate"],
    4: ["lowest learning rate", "second lowest", "second highest", "highest learning rate"],
}
BEST = "best learning rate of each batch size"


def groups_of_rates(table: pd.DataFrame, best: list[Setting], scaled: bool) -> dict[str, list[Setting]]:
    """What a group is called -> its settings: one for each learning rate, that with the most settings first.

    Args:
        table: a row per setting, or several.
        best: of each batch size the best setting.
        scaled: whether rates go with the batch size. Then a group has the lowest of each batch size, and so on.

    Of too many the best of each batch size is a group, and the others are in none.
    """
    settings = table[SETTING].drop_duplicates()
    counts = settings["learning_rate"].value_counts(sort=True)
    of_size = settings.groupby(["batch_size", "schedule"])["learning_rate"]
    most = of_size.nunique().max()
    if not scaled and len(counts) <= _MOST_RATES:
        return {
            f"learning rate {rate:g}": settings_in(settings[settings["learning_rate"] == rate]) for rate in counts.index
        }
    if not scaled or most > _MOST_PLACES:
        return {BEST: best}
    places = of_size.rank("dense")
    return {name: settings_in(settings[places == place]) for place, name in enumerate(_PLACES[most], start=1)}


def rows_of_settings(settings: list[Setting], table: pd.DataFrame) -> pd.DataFrame:
    """The rows of some settings in a table."""
    return pd.concat([table.head(0), *(rows_of(setting, table) for setting in settings)])
