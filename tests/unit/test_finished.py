"""What is kept while it is made again, and what a killed run leaves."""

import pytest

from batchscope.files import replacing
from batchscope.finished import keep, restore


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "results" / "mine" / "metrics" / "summary.csv"
    with replacing(path) as temporary:
        temporary.write_text("earlier")
    return path


def test_a_result_that_is_not_made_again_stands_again(tmp_path, result):
    keep([result])
    result.unlink()
    assert restore(tmp_path / "results") == {str(result)}
    assert result.read_text() == "earlier"
    assert restore(tmp_path / "results") == set()


def test_one_that_is_made_again_is_kept_no_longer(tmp_path, result):
    keep([result])
    result.unlink()
    with replacing(result) as temporary:
        temporary.write_text("later")
    assert restore(tmp_path / "results") == set()
    assert result.read_text() == "later"
    assert [path.name for path in (result.parent / ".written").iterdir()] == ["summary.csv.json"]


def test_folders_that_are_links_are_looked_into(tmp_path, result):
    (tmp_path / "elsewhere").mkdir()
    moved = result.parent.rename(tmp_path / "elsewhere" / "metrics")
    result.parent.symlink_to(moved)
    keep([result])
    result.unlink()
    assert restore(tmp_path / "results") == {str(result)}


def test_what_was_half_written_is_removed_and_nothing_else(tmp_path, result):
    own = result.parent / ".notes.txt"
    own.write_text("of the user's")
    with replacing(result) as temporary:
        temporary.write_text("earlier")
    temporary.write_text("half")  # as a process that is killed leaves it
    restore(tmp_path / "results")
    assert not temporary.exists()
    assert (result.read_text(), own.read_text()) == ("earlier", "of the user's")
