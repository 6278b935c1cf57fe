"""The report is of what the run was asked for, whatever its options, and one that fails leaves the earlier one."""

import shutil

import pytest

from tests.checkout import ROOT, SMALL

REPORT = "results/report.html"


@pytest.fixture
def without_report(finished):
    (finished.folder / REPORT).unlink()
    return finished


def test_a_config_that_replaces_that_of_the_workflow(without_report):
    shutil.copy2(ROOT / "config.yaml", without_report.folder)
    without_report.folder.joinpath("mine.yaml").write_text(SMALL)
    options = ("--cores", "1", "--configfile", "mine.yaml", "--replace-workflow-config")
    without_report.run(*options)
    report = without_report.read(REPORT)
    assert "plot_measures" in report
    assert "train_batch_size_4" not in report  # of the tutorial
    assert without_report.rules_due(*options) == set()


def test_an_option_that_changes_the_config(without_report):
    without_report.run("--cores", "2", "--config", "figures={formats: [svg]}")
    assert (without_report.folder / REPORT).exists()


def test_a_report_that_fails_leaves_the_earlier_one(finished):
    before = finished.read(REPORT)
    with open(finished.folder / "workflow/report/claims.rst", "a") as file:
        file.write("\n{{ not closed\n")
    done = finished.snakemake()
    assert done.returncode == 1
    assert "Snakemake could not make the report; its log is results/logs/make_report.log" in done.stdout + done.stderr
    assert finished.read(REPORT) == before


@pytest.fixture
def one_study(finished):
    """A checkout with one of several studies finished, so that what was found is not told yet."""
    (finished.folder / "results/findings.rst").unlink()
    (finished.folder / REPORT).unlink()
    (finished.folder / "results/small/figures/dataset.svg").unlink()
    return finished


@pytest.mark.parametrize("name", ["own.html", "own.zip"])
def test_snakemakes_own_report_of_one_study(one_study, name):
    one_study.run("small", "--cores", "2")
    one_study.run("small", "--cores", "1", "--report", name)
    assert (one_study.folder / name).stat().st_size > 100_000


@pytest.mark.parametrize("name", ["own.html", "own.zip"])
def test_snakemakes_own_report_after_a_run_of_one_study(one_study, name):
    one_study.run("small", "--cores", "2", "--report-after-run", "--report", name)
    assert (one_study.folder / name).stat().st_size > 100_000
    if name.endswith("html"):
        assert "What was found stands here once all studies" in one_study.read(name)


def test_snakemakes_own_report_after_a_run_of_all_studies_says_what_was_found(one_study):
    one_study.run("--cores", "2", "--report-after-run", "--report", "own.html")
    assert "Does it matter?" in one_study.read("own.html")
    assert "stands here once" not in one_study.read("own.html")
