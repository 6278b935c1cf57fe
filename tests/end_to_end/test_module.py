"""The workflow as a module of another one, that of a paper for instance."""

import re

import pytest
import yaml

from tests.checkout import SMALL, Checkout

MODULE = """
module {name}:
    snakefile: "{snakefile}"
    config: config["{name}"]
    {prefix}

use rule * from {name} as {name}_*
"""


@pytest.fixture
def paper(make_checkout, tmp_path):
    """Makes the folder of a paper that uses the workflow, once for each of some studies, with a prefix or without."""

    def make(studies: dict[str, dict], prefix: bool) -> Checkout:
        snakefile = make_checkout().folder / "Snakefile"
        instances = [
            MODULE.format(name=name, snakefile=snakefile, prefix=f'prefix: "{name}"' if prefix else "")
            for name in studies
        ]
        inputs = ", ".join(f"rules.{name}_all.input" for name in studies)
        rule = f"rule all:\n    default_target: True\n    input: {inputs}\n"
        (tmp_path / "Snakefile").write_text("\n".join(['configfile: "paper.yaml"', *instances, rule]))
        (tmp_path / "paper.yaml").write_text(yaml.safe_dump({"other": {"studies": "of the paper's own"}, **studies}))
        return Checkout(tmp_path)

    return make


def small(**changes) -> dict:
    config = yaml.safe_load(SMALL)
    config["studies"]["small"].update(changes)
    config["figures"]["formats"] = ["svg"]  # nothing looks at the others
    return config


def test_its_rules_are_those_of_the_paper_and_its_config_is_handed_over(paper):
    planned = paper({"first": small()}, prefix=False).run("--dry-run", "--cores", "1")
    assert {"first_train_batch_size_8", "first_make_report"} <= set(re.findall(r"^(\w+) +\d+$", planned, re.MULTILINE))


def test_two_studies_of_one_paper_each_with_a_prefix(paper, finished):
    rows = [f"{(row * 7) % 10},{(row * 3) % 5},{'abc'[row % 3]}" for row in range(300)]
    table = {"table": {"path": "own.csv", "target": "y"}}
    two = {
        "first": small(),
        "second": small(dataset=table, batch_sizes=[16], learning_curves={}, claims={}, questions={}),
    }
    both = paper(two, prefix=True)
    (both.folder / "own.csv").write_text("\n".join(["a,b,y", *rows]))
    printed = both.run("--cores", "2")
    assert "(35 of 35 trainings)" in printed
    history = "results/small/history/batch_size_8.parquet"
    assert (both.folder / "first" / history).read_bytes() == (finished.folder / history).read_bytes()
    assert "own.csv" in both.read("second/results/small/tables/methods.html")
    assert both.read("first/results/report.html") != both.read("second/results/report.html") != ""
    assert "Nothing to be done" in both.run("--cores", "2")


def test_a_run_folder_without_a_config_takes_that_of_the_checkout(make_checkout, tmp_path):
    snakefile = make_checkout().folder / "Snakefile"
    planned = Checkout(tmp_path).run("--snakefile", str(snakefile), "--dry-run", "--cores", "1")
    assert "Training small at batch size 8" in planned
