import os
import subprocess
import sys

import pytest

from batchscope.files import digest, is_as_written, not_as_written, record_written, replacing, take


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "file.txt"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["file.txt"]


def test_a_folder_that_has_gone_is_made_again(tmp_path):
    path = tmp_path / "results" / "metrics" / "file.txt"
    with replacing(path) as temporary:
        temporary.write_text("whole")
    assert path.read_text() == "whole"


@pytest.mark.parametrize("damaged", [b"", b"whol", b"whole.", b"Whole", b"older"])
def test_a_file_that_is_not_as_it_was_written_is_noticed(tmp_path, damaged):
    path = tmp_path / "results" / "metrics" / "file.txt"
    for content in ("older", "whole"):
        with replacing(path) as temporary:
            temporary.write_text(content)
    assert is_as_written(path)
    assert not_as_written(tmp_path) == []
    take([], [path])
    path.write_bytes(damaged)
    os.utime(path, (0, 0))  # whatever its date
    assert not_as_written(tmp_path) == [path]
    with pytest.raises(SystemExit, match=r"file.txt is not as it was written; run again, which makes it anew"):
        take([], [path])
    path.unlink()
    assert not_as_written(tmp_path) == []  # it is missing, which all see
    path.write_text("another")
    record_written(path)
    assert is_as_written(path)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


def test_the_log_takes_what_compiled_code_and_tracebacks_print(tmp_path, request):
    log = tmp_path / "log"
    program = (
        f"from batchscope.script import log_to; import os; seen = log_to({str(log)!r}); os.write(2, b'compiled\\n'); "
        "print('for the user', file=seen); 1 / 0"
    )
    folder = request.config.rootpath / "workflow"
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "for the user\n")
    assert "compiled" in log.read_text()
    assert "ZeroDivisionError" in log.read_text()


def test_a_digest_changes_with_the_words_and_with_the_files(tmp_path):
    file = tmp_path / "code.py"
    digests = set()
    for word, text in (("a", "x = 1"), ("b", "x = 1"), ("b", "x = 2")):
        file.write_text(text)
        digests.add(digest([word], [file]))
    assert len(digests) == 3
