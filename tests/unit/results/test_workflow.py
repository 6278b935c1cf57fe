import subprocess

import yaml

from batchscope.imports import LIBRARY
from batchscope.results.workflow import git_state, workflow_state


def test_the_commit_and_whether_there_are_changes(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        return subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)

    assert git_state(tmp_path) is None
    git("init")
    for name in ("Snakefile", "config.yaml"):
        (tmp_path / name).write_text("a")
        git("add", name)
    git("commit", "-m", "a")
    commit = git("rev-parse", "HEAD").stdout.strip()
    (tmp_path / "mine.yaml").write_text("not tracked")
    (tmp_path / "config.yaml").write_text("no code")
    assert git_state(tmp_path) == {"commit": commit, "dirty": False}
    (tmp_path / "Snakefile").write_text("b")
    assert git_state(tmp_path) == {"commit": commit, "dirty": True}
    inside = tmp_path / "unpacked here"
    inside.mkdir()
    assert git_state(inside) is None  # the commit is that of another project


def test_a_copy_without_git_has_the_version_and_a_digest_of_the_code(tmp_path):
    for name in ("Snakefile", "workflow/a.py", "workflow/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a")
    state = workflow_state(tmp_path)
    assert state["version"] == yaml.safe_load((LIBRARY.parents[1] / "CITATION.cff").read_text())["version"]
    (tmp_path / "workflow/__pycache__/a.pyc").write_text("b")
    assert workflow_state(tmp_path) == state
    (tmp_path / "workflow/a.py").write_text("b")
    assert workflow_state(tmp_path) != state
