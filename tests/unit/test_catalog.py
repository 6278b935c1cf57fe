"""Snakemake's workflow catalog finds what it looks for in any workflow, and keys that it knows."""

import yaml

from tests.checkout import ROOT


def test_it_is_seen_as_a_workflow():
    readme = (ROOT / "README.md").read_text().lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    assert (ROOT / "Snakefile").is_file()
    assert [*(ROOT / "workflow/rules").glob("*.smk")]


def test_usage_has_the_keys_of_the_catalog():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["mandatory-flags"].keys() == {"desc", "flags"}
    assert usage["software-stack-deployment"].keys() == {"conda", "apptainer", "apptainer+conda"}
