"""A user's mistake is a line on the terminal and exit status 1, and nothing is written."""

import shutil
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("replicates: 5", "replicate: 5", "studies.small: unknown key 'replicate'; did you mean 'replicates'?"),
        (
            "batch_sizes: [8, 100]",
            "batch_sizes: [8, 151]",
            "studies.small.batch_sizes[1]: 151 is above the 150 training rows; take at most that, or full",
        ),
        (
            "activation: relu",
            "activation: rellu",
            "studies.small.model[0].Dense.activation: keras.activations has no 'rellu'; did you mean 'relu'?",
        ),
        ("    epochs: 12", "    epochs: [12", "config.yaml, line 12: this is no YAML: while parsing a flow sequence"),
        ("units: 20", "units: 1000000000", "studies.small.model[0]: the study needs about 912 GB of memory, and there"),
        (
            "n_samples: 300",
            "n_samples: 10000000000",
            "studies.small.dataset.make_blobs.n_samples: the study needs about 4,900 GB of memory, and there",
        ),
        (
            "  small:",
            "  train_batch_size_8:",
            "studies.train_batch_size_8: a rule of the workflow has this name; take another",
        ),
        ("  small:", "  all:", "studies.all: a rule of the workflow has this name; take another"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(make_checkout, old, new, line):
    checkout = make_checkout()
    config = (checkout.folder / "config.yaml").read_text()
    assert old in config
    checkout.configure(config.replace(old, new))
    before = sorted(checkout.folder.iterdir())
    done = checkout.snakemake()
    [printed] = [text for text in done.stderr.splitlines() if not text.startswith("Using workflow specific profile")]
    assert printed.startswith(line)
    assert (done.returncode, done.stdout) == (1, "")
    assert sorted(checkout.folder.iterdir()) == before


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"studies:\n  mine: [8,\n", "mine.yaml, line 3: this is no YAML: while parsing a flow node"),
        (b"studies: {}\nstudies: {}\n", "mine.yaml, line 2: the key 'studies' stands twice; keep one of them"),
        (b"studies:\n  mine: {title: \xe4}\n", "mine.yaml, line 2: this is not UTF-8"),
        (b"studies: &all {again: *all}\n", "mine.yaml: it is nested too deeply, or an alias contains itself"),
        (None, "mine.yaml: No such file or directory"),
    ],
)
def test_a_mistake_in_a_file_given_is_one_line_with_its_place(make_checkout, content, line):
    checkout = make_checkout()
    if content:
        (checkout.folder / "mine.yaml").write_bytes(content)
    done = checkout.snakemake("--cores", "1", "--configfile", "mine.yaml")
    [printed] = [text for text in done.stderr.splitlines() if not text.startswith("Using workflow specific profile")]
    assert printed.startswith(line)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_mistake_in_a_file_given_is_told_wherever_the_workflow_is(make_checkout, tmp_path):
    (tmp_path / "mine.yaml").write_text("studies: [\n")
    snakefile = make_checkout().folder / "Snakefile"
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--directory", "run", "--configfile"]
    done = subprocess.run([*command, "mine.yaml", "--cores", "1"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr.splitlines()[1].startswith("mine.yaml, line 2: this is no YAML: while parsing a flow node")
    assert done.returncode == 1


def test_files_of_another_workflow_that_runs_here_are_left_to_it(make_checkout):
    checkout = make_checkout()
    (checkout.folder / "paper").mkdir()
    (checkout.folder / "paper/Snakefile").write_text("rule all:\n    shell: 'true'\n")
    (checkout.folder / "paper.yaml").write_text("page: 1\npage: 2\n")
    checkout.run("--snakefile", "paper/Snakefile", "--configfile", "paper.yaml", "--cores", "1")


def test_a_long_training_is_told_in_one_line_before_it_begins(make_checkout):
    checkout = make_checkout()
    checkout.change_config(lambda config: config.update(limits={"hours": 1e-9}))
    told = [line for line in checkout.run("--dry-run", "--cores", "2").splitlines() if "limits.hours" in line]
    assert [line.partition(";")[0] for line in told] == [
        "training may take 0 hours (jobs at once: 2), most of it studies.small"
    ]


def test_limits_make_nothing_again_and_what_is_finished_does_not_count(finished):
    finished.change_config(lambda config: config.update(limits={"hours": 1e-9}))
    assert finished.rules_due() == set()
    assert "limits.hours" not in finished.run("--dry-run", "--cores", "2")


def test_a_machine_without_slurm_is_told(make_checkout, tmp_path):
    for program in ("bash", "which"):  # what Snakemake needs itself
        (tmp_path / program).symlink_to(shutil.which(program))
    checkout = make_checkout()
    done = checkout.snakemake("--profile", "profiles/slurm", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("sbatch, SLURM's command for submitting jobs, is not on the PATH")
    assert not (checkout.folder / "results").exists()
