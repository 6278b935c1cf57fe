"""Where the results of a study come from, and whether they are still what they were.

Run as a program (`make verify`) it checks the results against what was recorded of them.
"""

import json
import os
import platform
import sys
from collections.abc import Callable, Collection
from csv import DictReader
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

import psutil

from batchscope.errors import ConfigError
from batchscope.files import not_as_written, replacing, sha256
from batchscope.hardware.devices import cpu_name, gpu_names
from batchscope.results.workflow import git_state, workflow_state
from batchscope.study.config import check_config, read_file
from batchscope.study.userfiles import found, with_paths


def record(study: Path, results: list[Path], files: list[str], config: dict, checkout: Path) -> dict:
    """The provenance of a study.

    Args:
        study: the folder of its results, which has `benchmarks/`.
        results: its files.
        files: those of the user's that it is made of, its data and its model.
        config: as used, with all defaults.
        checkout: where the workflow is.
    """
    return {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "batchscope": workflow_state(checkout),
        "git": git_state(checkout),
        "config": config,
        "files": {path: sha256(path) for path in files},
        "python": platform.python_version(),
        "packages": package_versions(),
        "hardware": hardware(),
        "trained_on": sorted(trained_on([path for path in results if path.parent.name == "timing"])),
        "seconds": {path.stem: _seconds(path) for path in sorted((study / "benchmarks").glob("*.tsv"))},
        "sha256": {str(path.relative_to(study)): sha256(path) for path in sorted(results)},
    }


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


def trained_on(timings: list[Path]) -> dict[str, list[str]]:
    """The hardware and software of the training jobs -> the names of the timings that say so."""
    return _by(timings, lambda row: f"{row['hardware']}, {row['software']}")


def trained_by(timings: list[Path]) -> dict[str, list[str]]:
    """What trained, and why nothing faster did -> the names of the timings that say so."""
    return _by(timings, lambda row: row["engine"])


def mixed_software(timings: list[Path]) -> str | None:
    """Which software trained what, where it was not the same for all."""
    names = _by(timings, lambda row: row["software"])
    return (
        ", ".join(f"{software} trained {', '.join(names[software])}" for software in names) if len(names) > 1 else None
    )


def _by(timings: list[Path], said: Callable[[dict], str]) -> dict[str, list[str]]:
    names = {}
    for path in timings:
        with open(path, newline="") as file:
            names.setdefault(said(next(DictReader(file))), []).append(path.stem.replace("_", " "))
    return names


def write_provenance(provenance: dict, path: str | Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(provenance, indent=2) + "\n")


def verify(provenance: Path, besides: Collection[Path] = ()) -> list[str]:
    """The files of a study that are not as recorded, `besides` some that are known, each with what is wrong."""
    problems = []
    for name, recorded in json.loads(provenance.read_text())["sha256"].items():
        path = provenance.parent / name
        if not path.exists():
            problems.append(f"{path} is missing")
        elif path not in besides and sha256(path) != recorded:
            problems.append(f"{path} is not what was recorded")
    return problems


def changed_since(recorded: dict, config: Path) -> list[str]:
    """What is no longer as a provenance says: the packages, and the study where a config file has it.

    Raises:
        ConfigError: a mistake in that file.
    """
    now = {"python": platform.python_version()} | package_versions()
    then = {"python": recorded["python"]} | recorded["packages"]
    packages = [f"{name} {then[name]} is now {now.get(name, 'gone')}" for name in then if now.get(name) != then[name]]
    changes = ["it was made with other packages: " + ", ".join(packages)] if packages else []
    if config.exists():
        [[name, spec]] = recorded["config"]["studies"].items()
        now = check_config(read_file(config))["studies"]
        if name in now and with_paths(now[name], found) != spec:
            changes.append(f"{config} says otherwise of it now")
    return changes


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
        try:
            changes = changed_since(json.loads(path.read_text()), Path(found("config.yaml")))
        except ConfigError as error:
            changes = [f"whether its config is that of now is not known: {line}" for line in str(error).splitlines()]
        for change in changes:
            print(f"{path.parent}: {change}")


if __name__ == "__main__":
    main()
