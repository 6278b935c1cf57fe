"""Where the results of a study come from, and whether they are still what they were.

Run as a program (`make verify`) it checks the results against what was recorded of them.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Collection
from csv import DictReader
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

import psutil

from batchscope.files import not_as_written, replacing, sha256
from batchscope.hardware.devices import cpu_name, gpu_names


def record(study: Path, results: list[Path], files: list[str], config: dict, code: Path) -> dict:
    """The provenance of a study.

    Args:
        study: the folder of its results, which has `benchmarks/`.
        results: its files.
        files: those of the user's that it is made of, its data and its model.
        config: as used, with all defaults.
        code: a folder of the workflow.
    """
    return {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_state(code),
        "config": config,
        "files": {path: sha256(path) for path in files},
        "python": platform.python_version(),
        "packages": package_versions(),
        "hardware": hardware(),
        "trained_on": trained_on([path for path in results if path.parent.name == "timing"]),
        "seconds": {path.stem: _seconds(path) for path in sorted((study / "benchmarks").glob("*.tsv"))},
        "sha256": {str(path.relative_to(study)): sha256(path) for path in sorted(results)},
    }


def git_state(folder: Path) -> dict | None:
    """The commit of a checkout and whether it has changes of its own; None where there is no git or no checkout."""
    try:
        commit, changes = (
            subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return {"commit": commit, "dirty": bool(changes)}


def package_versions() -> dict[str, str]:
    versions = {each.metadata["Name"].lower(): each.version for each in distributions()}
    return dict(sorted(versions.items()))


def hardware() -> dict:
    """This machine."""
    return {
        "system": platform.platform(),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": gpu_names(),
    }


def trained_on(timings: list[Path]) -> list[str]:
    """The hardware and software of the training jobs, as their timings say."""
    names = set()
    for path in timings:
        with open(path, newline="") as file:
            names |= {f"{row['hardware']}, {row['software']}" for row in DictReader(file)}
    return sorted(names)


def trained_by(timings: list[Path]) -> dict[str, list[str]]:
    """What trained, and why nothing faster did -> the names of the timings that say so."""
    engines = {}
    for path in timings:
        with open(path, newline="") as file:
            engines.setdefault(next(DictReader(file))["engine"], []).append(path.stem.replace("_", " "))
    return engines


def write_provenance(provenance: dict, path: str | Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(provenance, indent=2) + "\n")


def verify(provenance: Path, besides: Collection[Path] = ()) -> list[str]:
    """The files of a study that are not as recorded, `besides` some that are known, each with what is wrong."""
    problems = []
    for name, digest in json.loads(provenance.read_text())["sha256"].items():
        path = provenance.parent / name
        if not path.exists():
            problems.append(f"{path} is missing")
        elif path not in besides and sha256(path) != digest:
            problems.append(f"{path} is not what was recorded")
    return problems


def _seconds(benchmark: Path) -> float:
    with open(benchmark, newline="") as file:
        return float(next(DictReader(file, delimiter="\t"))["s"])


def main() -> None:
    records = sorted(Path("results").glob("*/provenance.json"))
    if not records:
        sys.exit("results/ has no provenance to verify; run make first")
    damaged = not_as_written("results")
    problems = [f"{path} is not as it was written" for path in damaged]
    problems += [problem for path in records if path not in damaged for problem in verify(path, damaged)]
    if problems:
        sys.exit("\n".join([*problems, "Run make again, which makes anew what is missing or not as it was written."]))
    for path in records:
        print(f"{path.parent}: all files are as recorded")


if __name__ == "__main__":
    main()
