import pandas as pd
import pytest

from batchscope.report.rate_groups import BEST, groups_of_rates, rows_of_settings
from batchscope.study.setting import SETTING, Setting, rates


def settings_at(learning_rates, batch_sizes=(8, 64, 512)) -> list[Setting]:
    return [Setting(size, rate) for size in batch_sizes for rate in rates(learning_rates, size)]


def groups(settings, best=(), scaled=False) -> dict[str, list[Setting]]:
    return groups_of_rates(pd.DataFrame(settings, columns=SETTING), list(best), scaled)


def test_few_rates_have_a_group_each():
    settings = [*settings_at([0.1, 0.01]), Setting(1, 0.001)]
    made = groups(settings)
    assert list(made) == ["learning rate 0.1", "learning rate 0.01", "learning rate 0.001"]
    assert made["learning rate 0.1"] == [Setting(size, 0.1) for size in (8, 64, 512)]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_rates_that_go_with_the_batch_size_are_told_apart_by_their_place(count):
    asked = {"at": 8, "rates": [0.3, 0.1, 0.03, 0.01][:count], "scaling": "linear"}
    made = groups(settings_at(asked), scaled=True)
    assert len(made) == count
    lowest = next(iter(made.values()))
    assert lowest == [Setting(size, min(rates(asked, size))) for size in (8, 64, 512)]


def test_of_many_rates_the_best_of_each_batch_size_are_a_group():
    grid = [2.0**power for power in range(9)]
    best = [Setting(8, 2.0), Setting(64, 4.0), Setting(512, 8.0)]
    assert groups(settings_at(grid), best) == {BEST: best}
    scaled = {"at": 8, "rates": grid, "scaling": "linear"}
    assert groups(settings_at(scaled), best, scaled=True) == {BEST: best}


def test_single_settings_at_rates_of_their_own_keep_them():
    settings = [*settings_at([0.01]), Setting(1, 0.1), Setting(2, 0.001)]
    assert len(groups(settings)) == 3


def test_rows_come_in_the_order_of_settings():
    table = pd.DataFrame([(8, 0.1, "constant", 1), (64, 0.1, "constant", 2)], columns=[*SETTING, "value"])
    assert rows_of_settings([Setting(64, 0.1), Setting(8, 0.1)], table)["value"].tolist() == [2, 1]
    assert rows_of_settings([], table).empty
