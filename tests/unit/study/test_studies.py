"""What is kept of the facts of a study, and when it is asked for again."""

import pytest

from batchscope.errors import ConfigError
from batchscope.study.studies import read_studies


def test_a_history_that_was_renamed_is_found_by_its_new_name(tmp_path):
    spec = {"histories": {"path": f"{tmp_path}/{{batch_size}}_{{learning_rate}}_{{replicate}}.csv"}, "train_rows": 100}
    path = tmp_path / "8_0.1_1.csv"
    path.write_text("epoch,test_accuracy\n1,.5\n")
    for name, rate in (("8_0.1_1.csv", 0.1), ("8_0.2_1.csv", 0.2)):
        path = path.rename(tmp_path / name)
        read, _ = read_studies({"studies": {"mine": spec}}, [], tmp_path / "cache")
        assert read["mine"].files == [str(path)]
        assert [setting.learning_rate for setting in read["mine"].settings] == [rate]


def test_a_history_that_is_a_link_to_nothing_is_told(tmp_path):
    histories = {"path": f"{tmp_path}/{{batch_size}}_{{replicate}}.csv", "columns": {"learning_rate": 0.1}}
    spec = {"histories": histories, "train_rows": 100}
    (tmp_path / "8_1.csv").write_text("epoch,test_accuracy\n1,.5\n")
    (tmp_path / "8_2.csv").symlink_to(tmp_path / "annex")
    with pytest.raises(ConfigError) as raised:
        read_studies({"studies": {"mine": spec}}, [], tmp_path / "cache")
    problem = f"'{tmp_path}/8_2.csv' is a link to nothing or may not be read; correct it or move it away"
    assert str(raised.value) == f"studies.mine.histories.path: {problem}"
