"""A copy of the workflow with a config of its own, in which the real Snakemake runs."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock
import yaml

ROOT = Path(__file__).parents[1]
SMALL = """
studies:
  small:
    dataset:
      make_blobs: {n_samples: 300, centers: 3, n_features: 2, cluster_std: 2, random_state: 2}
    split: {train: 150, order: as_given}
    model:
      - Dense: {units: 20, activation: relu}
    optimizer:
      SGD: {momentum: 0.9}
    epochs: 12
    replicates: 5
    batch_sizes: [8, 100]
    learning_rates: [0.01, 0.001]
    learning_curves:
      whole: {batch_size: full, learning_rate: 0.05}
    claims:
      C1: {statement: A batch of 8 ends more accurate than one of 100, measure: test_accuracy, of: {batch_size: 8},
           against: {batch_size: 100}, above: 0, reported: 0.1}
      C2: {statement: The tutorial's rate is slow, measure: epochs_to_target, of: {batch_size: 8}, above: 1}
    questions:
      Q1: {question: "Does it matter?", answer: C1, measures: [test_accuracy, seconds_per_epoch]}
figures: {formats: [svg, pdf, png]}
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of the workflow with a config of its own."""

    folder: Path

    def snakemake(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "snakemake", *(arguments or ("--cores", "2"))]
        return subprocess.run(command, cwd=self.folder, env=os.environ | environment, capture_output=True, text=True)

    def start(self, *arguments: str, log: str = "printed.log", **environment: str) -> subprocess.Popen:
        """Start Snakemake in a session of its own and go on; what it prints goes to a file of the checkout."""
        with open(self.folder / log, "w") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "snakemake", *arguments],
                cwd=self.folder,
                env=os.environ | environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    @contextmanager
    def another_job_at_work(self, output: str) -> Iterator[None]:
        """As if another job were at work on an output of a training, which makes that one fail."""
        work = self.folder / ".snakemake/batchscope/work" / output
        work.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(f"{work}.lock"):
            yield

    def read(self, path: str) -> str:
        """A file of the checkout; empty where it is not there yet."""
        return (self.folder / path).read_text() if (self.folder / path).exists() else ""

    def run(self, *arguments: str, **environment: str) -> str:
        """Run Snakemake, which has to end well; returns what it printed."""
        done = self.snakemake(*arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def rules_due(self, *arguments: str) -> set[str]:
        """The rules that a run would run, target rules left out."""
        printed = self.run("--dry-run", "--cores", "1", *arguments)
        if "Nothing to be done" in printed:
            return set()
        table = printed[printed.rindex("Job stats:") :]
        return set(re.findall(r"^(\w+) +\d+$", table, re.MULTILINE)) - {"all", "small", "total"}

    def configure(self, text: str) -> None:
        (self.folder / "config.yaml").write_text(text)

    def change_config(self, change) -> None:
        """Let `change` edit the config in place."""
        config = yaml.safe_load((self.folder / "config.yaml").read_text())
        change(config)
        self.configure(yaml.safe_dump(config, sort_keys=False))

    def files(self) -> list[str]:
        """All that the workflow wrote, its own bookkeeping left out."""
        paths = (self.folder / "results").rglob("*")
        return sorted(
            str(path.relative_to(self.folder)) for path in paths if path.is_file() and ".written" not in path.parts
        )

    def copy(self, folder: Path) -> "Checkout":
        return Checkout(Path(shutil.copytree(self.folder, folder, dirs_exist_ok=True)))


def make_checkout(folder: Path, config: str = SMALL) -> Checkout:
    for name in ("workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "Snakefile", folder)
    checkout = Checkout(folder)
    checkout.configure(config)
    return checkout
