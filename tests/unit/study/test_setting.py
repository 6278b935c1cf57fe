import pytest

from batchscope.study.setting import Setting, make_setting, rates, rows_of, spelling, stages
from tests.unit.tables import replicates

SCHEDULE = {4: 20, "full": 80}


@pytest.mark.parametrize(
    ("batch_size", "spelled", "parts", "setting", "words"),
    [
        (8, "8", [(8, 200)], (8, 0.1, "constant"), "8"),
        ("full", "full", [(500, 200)], (500, 0.1, "constant"), "500"),
        # 20 epochs of 125 updates and 80 of one: 50,000 rows in 2,580 updates
        (
            SCHEDULE,
            "4x20_fullx80",
            [(4, 20), (500, 80)],
            (19, 0.1, "4x20_fullx80"),
            "4\N{MULTIPLICATION SIGN}20 \N{RIGHTWARDS ARROW} full\N{MULTIPLICATION SIGN}80",
        ),
        ({8: 10}, "8x10", [(8, 10)], (8, 0.1, "8x10"), "8 for 10 epochs"),
    ],
)
def test_a_batch_size_of_the_config(batch_size, spelled, parts, setting, words):
    assert spelling(batch_size) == spelled
    assert stages(batch_size, epochs=200, train_rows=500) == parts
    made = make_setting(batch_size, 0.1, train_rows=500)
    assert made == setting
    assert made.batch_sizes == words


def test_the_rows_of_a_setting():
    table = replicates({4: [0.1, 0.2], 8: [0.3]})
    assert rows_of(Setting(4, 0.1), table)["test_accuracy"].tolist() == [0.1, 0.2]
    assert rows_of(Setting(4, 0.2), table).empty
    assert rows_of(Setting(4, 0.1, "4x10"), table).empty


@pytest.mark.parametrize(
    ("scaling", "at_8", "at_128"), [("linear", [0.025, 0.05], [0.4, 0.8]), ("sqrt", [0.05, 0.1], [0.2, 0.4])]
)
def test_rates_go_with_the_batch_size(scaling, at_8, at_128):
    asked = {"at": 32, "rates": [0.1, 0.2], "scaling": scaling}
    assert [rates(asked, batch_size) for batch_size in (8, 32, 128)] == [at_8, [0.1, 0.2], at_128]
    assert rates(asked | {"scaling": "none"}, 128) == rates([0.1, 0.2], 128) == [0.1, 0.2]


def test_rates_that_go_with_the_batch_size_are_numbers_that_one_can_write():
    assert rates({"at": 32, "rates": [0.1], "scaling": "linear"}, 96) == [0.3]
