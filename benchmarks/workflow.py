"""The whole default run against the tutorial's eight trainings, both on all cores, and where the time goes."""

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def seconds_of(command: list[str], folder: Path) -> tuple[float, str]:
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return time.perf_counter() - begin, done.stdout


def main() -> None:
    print(f"{os.cpu_count()} cores; environment already there", flush=True)
    loop, prints = seconds_of([sys.executable, str(ROOT / "benchmarks" / "tutorial_loop.py")], ROOT)
    print(f"eight trainings with Model.fit: {loop:.1f} s ({'; '.join(prints.splitlines())})", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "batchscope"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        whole, _ = seconds_of([sys.executable, "-m", "snakemake", "--cores", "all"], clone)
        results = clone / "results" / "blobs"
        histories = len(list((results / "history").glob("*.parquet")))
        jobs = {path.stem: float(_rows(path)[0]["s"]) for path in (results / "benchmarks").glob("*.tsv")}
        training = sum(float(row["seconds"]) for path in (results / "timing").glob("*.csv") for row in _rows(path))
        compiling = sum(float(text) for path in (results / "logs").glob("train*") for text in _compilations(path))
    print(f"660 trainings and all figures: {whole:.1f} s, {whole / loop:.2f} of the eight trainings")
    of_training = sum(seconds for name, seconds in jobs.items() if name.startswith("train_"))
    print(f"seconds of all jobs together, {os.cpu_count()} at a time:")
    print(
        f"  {histories} training jobs {of_training:.1f}: training {training:.1f}, compiling {compiling:.1f}, "
        f"importing TensorFlow and building models {of_training - training - compiling:.1f}"
    )
    print(f"  {len(jobs) - histories} other jobs {sum(jobs.values()) - of_training:.1f}")


def _rows(path: Path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def _compilations(path: Path) -> list[str]:
    return re.findall(r"compiling took ([\d.]+) s", path.read_text())


if __name__ == "__main__":
    main()
