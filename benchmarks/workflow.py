"""The whole default run against the tutorial's eight trainings: where every second goes, and what a change takes.

Seconds of CPU are what counts: those on the clock depend on what else a machine does. What the cores had left to do is
`idle`, so that the parts add up to cores times seconds.
"""

import argparse
import json
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
from watch import Watched, watch

ROOT = Path(__file__).parents[1]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "all"]
TRAINED = {"compiling": "compiling", "building models": "building models", "training": "training"}  # as logs say it
AFTER_TRAINING = "scores of rows, looks, writing"
COLORS = {
    "importing Snakemake": "#999999",
    "reading config and rules": "#cccccc",
    "facts of the study": "#e69f00",
    "imports": "#f0e442",
    "compiling": "#d55e00",
    "building models": "#cc79a7",
    "training": "#009e73",
    AFTER_TRAINING: "#7fceb9",
    "evidence and tables": "#0072b2",
    "figures": "#56b4e9",
    "pages and explorer": "#a6d8f5",
    "Snakemake's report": "#4d4d4d",
    "starting scripts": "#b8860b",
    "Snakemake between jobs": "#666666",
}
PARTS = list(COLORS)
# What is changed of config.yaml, and the figure that shows it.
CHANGES = {
    "one batch size more": (
        ("batch_sizes: [4, 8,", "batch_sizes: [2, 4, 8,"),
        "batch_sizes.svg",
    ),
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
        print_jobs(used, clone)
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
    of_jobs = looks[job != ""]
    for name, rows in of_jobs.groupby(job):
        part[rows.index] = _parts_of_job(name, rows)
    return looks.assign(part=part, job=job)


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
    took = [sum(map(float, re.findall(rf"{words} took ([\d.]+) s", text))) for words in TRAINED.values()]
    ends = np.cumsum(took) / (rows["second"].max() - rows["second"].min())
    middle = (rows["cpu"].cumsum() - rows["cpu"] / 2) / rows["cpu"].sum()
    return [[*TRAINED, AFTER_TRAINING][place] for place in np.searchsorted(ends, middle)]


def print_parts(used: pd.DataFrame, run: Watched, cores: int) -> None:
    """A table of parts that add up to the seconds of all cores."""
    parts = used.groupby("part")["cpu"].sum().reindex(PARTS, fill_value=0.0).to_dict()
    parts["processes shorter than a look"] = run.cpu - used["cpu"].sum()
    parts["idle cores"] = cores * run.seconds - run.cpu
    print("| part | CPU, s | of all |\n| --- | --- | --- |")
    for part, cpu in [*parts.items(), (f"{cores} cores, {run.seconds:.1f} s", sum(parts.values()))]:
        print(f"| {part} | {cpu:.1f} | {100 * cpu / (cores * run.seconds):.0f} % |")
    first_job = used["second"][used["job"] != ""].min()
    print(f"planning, from the command to the first job: {first_job:.1f} s on the clock", flush=True)


def print_jobs(used: pd.DataFrame, clone: Path) -> None:
    """A table of jobs: their time, and the most memory of their process against what they ask for."""
    print("| job | s | CPU, s | memory, MB | mem_mb |\n| --- | --- | --- | --- | --- |")
    for job, rows in used[used["job"] != ""].groupby("job", sort=False):
        log = Path(rows["log"].iloc[0])
        cpu, memory = re.findall(r"^([\d.]+) s of CPU, at most (\d+) MB of memory$", log.read_text(), re.MULTILINE)[-1]
        asked = ""
        if (benchmark := log.parents[1] / "benchmarks" / f"{job}.tsv").exists():
            asked = json.loads(pd.read_csv(benchmark, sep="\t")["resources"][0])["mem_mb"]
        seconds = rows["second"].max() - rows["second"].min()
        print(f"| {job} | {seconds:.1f} | {cpu} | {memory} | {asked} |", flush=True)


def print_changes(clone: Path) -> None:
    """What it takes until a change is seen in its figure, and until all is done."""
    print("| change | figure after, s | all done after, s | CPU, s |\n| --- | --- | --- | --- |")
    for words, command in {"none, dry run": [*SNAKEMAKE, "--dry-run"], "none": SNAKEMAKE}.items():
        run = watch(command, clone)
        print(f"| {words} |  | {run.seconds:.1f} | {run.cpu:.1f} |", flush=True)
    config = clone / "config.yaml"
    for words, ((old, new), figure) in CHANGES.items():
        text = config.read_text()
        assert old in text, old
        config.write_text(text.replace(old, new))
        begin = time.time()
        run = watch(SNAKEMAKE, clone)
        seen = (clone / "results" / "blobs" / "figures" / figure).stat().st_mtime - begin
        print(f"| {words} | {seen:.1f} | {run.seconds:.1f} | {run.cpu:.1f} |", flush=True)


def draw(used: pd.DataFrame, cores: int, path: Path) -> None:
    """Every job along time, and below how many cores are at work at what."""
    jobs = [(job, rows) for job, rows in used[used["job"] != ""].groupby("job", sort=False)]
    figure, (above, below) = plt.subplots(
        2, 1, sharex=True, figsize=(9, 8.4), gridspec_kw={"height_ratios": [len(jobs) + 2, 9]}, layout="constrained"
    )
    for place, (_, rows) in enumerate([("", used[used["job"] == ""]), *jobs]):
        ends = rows["second"].shift(-1).fillna(rows["second"] + 0.05)
        if place:
            widths = (ends - rows["second"]).clip(upper=0.3)
            above.barh(place, widths, left=rows["second"], height=0.8, color=rows["part"].map(COLORS))
    above.set_yticks(range(1, len(jobs) + 1), [job for job, _ in jobs], fontsize=7)
    above.invert_yaxis()
    bins = np.arange(0, used["second"].max() + 0.5, 0.5)
    bottom = np.zeros(len(bins) - 1)
    for part in PARTS:
        rows = used[used["part"] == part]
        at_work = np.histogram(rows["second"], bins, weights=rows["cpu"])[0] / 0.5
        below.bar(bins[:-1], at_work, 0.5, bottom, align="edge", color=COLORS[part], label=part)
        bottom += at_work
    below.set(xlabel="seconds since the command", ylabel="cores at work", ylim=(0, cores * 1.05), xlim=(0, None))
    figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=7, frameon=False)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
