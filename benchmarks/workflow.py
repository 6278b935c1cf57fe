"""The whole default run against the tutorial's eight trainings: where every second goes, and what a change takes.

The parts are seconds of CPU, and with what the cores were idle they add up to the cores times the seconds on the clock.
Which process does what shows in the log that it writes, so Linux alone can tell, and on a machine without GPUs.
"""

import argparse
import ast
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from watch import SECONDS_OF_A_LOOK, Watched, watch

ROOT = Path(__file__).parents[1]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "all"]
TRAINED = ["compiling", "drawing weights", "training"]  # as logs say it, in the order of a training job
AFTER_TRAINING = "scores of rows, looks, writing"
COLORS = {
    "importing Snakemake": "#999999",
    "reading config and rules": "#cccccc",
    "facts of the study": "#e69f00",
    "imports": "#f0e442",
    "compiling": "#d55e00",
    "drawing weights": "#cc79a7",
    "training": "#009e73",
    AFTER_TRAINING: "#7fceb9",
    "evidence and tables": "#0072b2",
    "figures": "#56b4e9",
    "pages and explorer": "#a6d8f5",
    "Snakemake's report": "#4d4d4d",
    "starting scripts": "#b8860b",
    "Snakemake between jobs": "#666666",
}
_STEP = 0.5  # seconds along time in the picture
# What is changed of config.yaml, and the figure that shows it.
CHANGES = {
    "one batch size more": (("batch_sizes: [4, 8,", "batch_sizes: [100, 4, 8,"), "batch_sizes.svg"),
    "one figure": (
        ("minibatch_gradient_descent: {batch_size: 32,", "minibatch_gradient_descent: {batch_size: 64,"),
        "learning_curve_minibatch_gradient_descent.svg",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-loop", action="store_true", help="leave out the eight trainings with Model.fit")
    parser.add_argument("--picture", type=Path, help="draw where the time goes into this file")
    options = parser.parse_args()
    cores = os.cpu_count()
    print(f"{cores} cores; environment already there", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "batchscope"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        if not options.without_loop:
            loop = watch([sys.executable, str(ROOT / "benchmarks" / "tutorial_loop.py")], clone)
            words = "; ".join(loop.printed.splitlines())
            print(f"eight trainings with Model.fit: {_took(loop)} ({words})", flush=True)
        run = watch([*SNAKEMAKE, "--benchmark-extended"], clone)
        print(f"660 trainings and all figures: {_took(run)}", flush=True)
        if not options.without_loop:
            print(f"of the eight trainings: {run.seconds / loop.seconds:.3f}, of their CPU {run.cpu / loop.cpu:.3f}")
        used = name_parts(run.looks)
        print_parts(used, run, cores)
        print_jobs(used)
        if options.picture:
            draw(used, cores, options.picture)
        print_changes(clone)


def _took(watched: Watched) -> str:
    return f"{watched.seconds:.1f} s, {watched.cpu:.1f} s of CPU"


def name_parts(looks: pd.DataFrame) -> pd.DataFrame:
    """What each process did at each look, in columns `part` and `job`, which is empty for what is no job."""
    main, is_warm = looks["pid"].iloc[0], looks["words"].str.contains("batchscope.warm")
    job = looks["log"].map(lambda log: Path(log).stem)
    first_job, warm = looks["second"][job != ""].min(), looks[is_warm & (looks["parent"] == main)]
    planning, importing = looks["second"] < first_job, looks["second"] < warm["second"].min()
    part = pd.Series("starting scripts", looks.index)
    part[looks["pid"] == main] = "Snakemake between jobs"
    part[(looks["pid"] == main) & planning] = "reading config and rules"
    part[(looks["pid"] == main) & importing] = "importing Snakemake"
    part[is_warm & planning] = "facts of the study"  # of forks
    part[warm.index] = "imports"
    cpu = looks["cpu"].copy()
    for name, rows in looks[job != ""].groupby(job):
        part[rows.index] = _parts_of_job(name, rows)
        if said := _said_at_end(Path(rows["log"].iloc[0])):  # the last look was before that
            cpu[rows.index[-1]] += said[0] - rows["cpu"].sum()
    return looks.assign(part=part, job=job, cpu=cpu)


def _said_at_end(log: Path) -> tuple[float, int] | None:
    """Seconds of CPU and megabytes of memory of a job, which it says in its log where it was forked."""
    said = re.findall(r"^([\d.]+) s of CPU, at most (\d+) MB of memory$", log.read_text(), re.MULTILINE)
    return (float(said[-1][0]), int(said[-1][1])) if said else None


def _parts_of_job(job: str, rows: pd.DataFrame) -> list[str] | str:
    if job == "make_report":
        return "Snakemake's report"
    if job.startswith("plot_"):
        return "figures"
    if job.startswith("write_"):
        return "pages and explorer"
    if not job.startswith("train_"):
        return "evidence and tables"
    # Its log has seconds on the clock; their shares are taken of its CPU.
    text = Path(rows["log"].iloc[0]).read_text()
    took = [sum(map(float, re.findall(rf"{words} took ([\d.]+) s", text))) for words in TRAINED]
    ends = np.cumsum(took) / (rows["second"].max() - rows["second"].min())
    middle = (rows["cpu"].cumsum() - rows["cpu"] / 2) / rows["cpu"].sum()
    return [[*TRAINED, AFTER_TRAINING][place] for place in np.searchsorted(ends, middle)]


def print_parts(used: pd.DataFrame, run: Watched, cores: int) -> None:
    """A table of parts that add up to the seconds of all cores."""
    parts = used.groupby("part")["cpu"].sum().reindex([*COLORS], fill_value=0.0).to_dict()
    parts["processes shorter than a look"] = run.cpu - used["cpu"].sum()
    parts["idle cores, or at work for others"] = cores * run.seconds - run.cpu
    print("| part | CPU, s | of all |\n| --- | --- | --- |")
    for part, cpu in [*parts.items(), (f"{cores} cores, {run.seconds:.1f} s", sum(parts.values()))]:
        print(f"| {part} | {cpu:.1f} | {100 * cpu / (cores * run.seconds):.0f} % |")
    first_job = used["second"][used["job"] != ""].min()
    print(f"planning, from the command to the first job: {first_job:.1f} s on the clock", flush=True)


def print_jobs(used: pd.DataFrame) -> None:
    """A table of jobs: their time, and the most memory of their process against what they ask for."""
    print("| job | s | CPU, s | memory, MB | mem_mb |\n| --- | --- | --- | --- | --- |")
    for job, rows in used[used["job"] != ""].groupby("job", sort=False):
        log = Path(rows["log"].iloc[0])
        memory, asked = (_said_at_end(log) or (0, ""))[1], ""
        if (benchmark := log.parents[1] / "benchmarks" / f"{job}.tsv").exists():
            asked = ast.literal_eval(pd.read_csv(benchmark, sep="\t")["resources"][0])["mem_mb"]
        seconds, cpu = rows["second"].max() - rows["second"].min(), rows["cpu"].sum()
        print(f"| {job} | {seconds:.1f} | {cpu:.2f} | {memory} | {asked} |", flush=True)


def print_changes(clone: Path) -> None:
    """What it takes until a change is seen in its figure, and until all is done."""
    print("| change | figure after, s | all done after, s | CPU, s |\n| --- | --- | --- | --- |")
    for words, command in {"none, dry run": [*SNAKEMAKE, "--dry-run"], "none": SNAKEMAKE}.items():
        run = watch(command, clone)
        print(f"| {words} |  | {run.seconds:.1f} | {run.cpu:.1f} |", flush=True)
    config = clone / "config.yaml"
    for words, ((old, new), figure) in CHANGES.items():
        text = config.read_text()
        config.write_text(text.replace(old, new))
        begin = time.time()
        run = watch(SNAKEMAKE, clone)
        seen = (clone / "results" / "blobs" / "figures" / figure).stat().st_mtime - begin
        print(f"| {words} | {seen:.1f} | {run.seconds:.1f} | {run.cpu:.1f} |", flush=True)


def draw(used: pd.DataFrame, cores: int, path: Path) -> None:
    """Every job along time, and below it how many cores are at work at what."""
    jobs = used[used["job"] != ""].groupby("job", sort=False)
    figure, (above, below) = plt.subplots(
        2, 1, sharex=True, figsize=(9, 8), gridspec_kw={"height_ratios": [len(jobs), 9]}, layout="constrained"
    )
    for job, rows in jobs:
        until_next = -rows["second"].diff(-1).fillna(-SECONDS_OF_A_LOOK)
        above.barh([job] * len(rows), until_next, 0.8, rows["second"], color=rows["part"].map(COLORS))
    above.set(ylim=(len(jobs) - 0.5, -0.5))
    above.tick_params("y", labelsize=7)
    steps = np.arange(0, used["second"].max() + _STEP, _STEP)
    bottom = np.zeros(len(steps) - 1)
    for part, color in COLORS.items():
        rows = used[used["part"] == part]
        at_work = np.histogram(rows["second"], steps, weights=rows["cpu"])[0] / _STEP
        below.bar(steps[:-1], at_work, _STEP, bottom, align="edge", color=color, label=part)
        bottom += at_work
    below.set(xlabel="seconds since the command", ylabel="cores at work", ylim=(0, cores * 1.05), xlim=(0, steps[-1]))
    figure.legend(loc="outside lower center", ncols=5, fontsize=7, frameon=False)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
