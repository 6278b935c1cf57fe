"""The example of a paper, as its author builds it; and what figures say and look like in a real run."""

import shutil
import subprocess

import pytest
from PIL import Image

from tests.checkout import ROOT, Checkout


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_one_command_trains_and_sets_the_paper(make_checkout):
    checkout = make_checkout()
    tracked = ("Snakefile", "config.yaml", "paper.tex")
    paper = Checkout(checkout.folder / "docs/paper")
    paper.folder.mkdir(parents=True)
    for name in tracked:
        shutil.copy(ROOT / "docs/paper" / name, paper.folder)
    paper.run("--cores", "2")
    assert (paper.folder / "build/paper.pdf").read_bytes().startswith(b"%PDF")
    log = paper.read("build/paper.log")
    assert "(1 page," in log
    assert [line for line in log.splitlines() if "Overfull" in line or "undefined" in line] == []
    assert "Nothing to be done" in paper.run("--cores", "2")
    paper.folder.joinpath("paper.tex").write_text(paper.read("paper.tex").replace("claims/sooner", "claims/later"))
    failed = paper.snakemake("--cores", "2")
    assert failed.returncode == 1
    assert "There is no number 'blobs/claims/later/" in paper.read("build/pdflatex.log") + failed.stderr


def git(checkout: Checkout, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=checkout.folder, check=True, capture_output=True, text=True).stdout.strip()


def test_figures_of_another_look_say_their_commit_and_a_later_one_leaves_them(finished):
    git(finished, "init")
    git(finished, "add", "Snakefile", "workflow")
    git(finished, "commit", "-m", "first")
    commit = git(finished, "rev-parse", "HEAD")
    figures = {"width": "double", "font": "STIXGeneral", "font_size": 8, "titles": False}
    finished.change_config(lambda config: config["figures"].update(figures))
    due = finished.rules_due()
    assert {name for name in due if not name.startswith("plot_")} == {
        *("record_provenance", "write_page", "write_front", "make_report")
    }
    finished.run()
    for path in (finished.folder / "results/small/figures").glob("*.png"):
        with Image.open(path) as figure:
            assert figure.width == int(300 * 180 / 25.4)
            assert figure.info["Software"].endswith(f", commit {commit}")
            assert figure.info["Source"].startswith("rule plot_")
    git(finished, "commit", "--allow-empty", "-m", "second")
    assert finished.rules_due() == set()


def test_a_font_that_is_not_installed_is_told_before_anything_runs(make_checkout):
    checkout = make_checkout()
    checkout.change_config(lambda config: config["figures"].update(font="Helvatica"))
    done = checkout.snakemake()
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if "figures.font" in line]
    assert "the font 'Helvatica' is not installed on this machine; install it, or take one that ships" in line
    assert checkout.files() == []
