"""Odd places to run in: the study is finished with the bytes that it has elsewhere."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import SMALL, Checkout, make_checkout

ONE_FORMAT = SMALL.replace("[svg, pdf, png]", "[svg]")  # nothing looks at the other figures


def histories(checkout: Checkout) -> dict[str, bytes]:
    folder = checkout.folder / "results/small/history"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of its own, whose size can be changed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk]).returncode != 0:
        pytest.skip("only root can mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def test_a_path_with_spaces_quotes_and_letters_of_all_kinds(finished, tmp_path):
    odd = Checkout(make_checkout(tmp_path / "a 'path' \"of\" ☃ 日本 $HOME & co", ONE_FORMAT).folder)
    odd.run(TMPDIR=str(tmp_path / "missing"))
    assert histories(odd) == histories(finished)


def test_no_home_no_language_and_results_elsewhere(finished, make_checkout, tmp_path, monkeypatch):
    for name in ("HOME", "LANG", "LC_ALL", "USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    odd = make_checkout(ONE_FORMAT)
    (tmp_path / "elsewhere").mkdir()
    (odd.folder / "results").symlink_to(tmp_path / "elsewhere")
    odd.run(LANG="C")
    assert histories(odd) == histories(finished)
    assert "Nothing to be done" in odd.run(LANG="C")
    damaged = odd.folder / "results/small/metrics/summary.csv"
    damaged.write_text("")
    assert "results/small/metrics/summary.csv is not as it was written, and is made again" in odd.run(LANG="C")


def test_results_that_cannot_be_written(finished, small_disk):
    before = histories(finished)
    shutil.move(finished.folder / "results", small_disk / "results")
    (finished.folder / "results").symlink_to(small_disk / "results")
    remount(small_disk, "ro")
    assert finished.rules_due() == set()
    assert "Nothing to be done" in finished.run()
    finished.change_config(lambda config: config["studies"]["small"].update(epochs=13))
    done = finished.snakemake()
    assert done.returncode == 1
    assert "Write-protected output files" in done.stderr
    assert histories(finished) == before


@pytest.mark.parametrize("kilobytes", [8, 60, 150, 600, 1500])
def test_a_full_disk_costs_nothing_once_there_is_room(finished, make_checkout, small_disk, kilobytes, request):
    if kilobytes != 150 and not request.config.getoption("--thorough"):
        pytest.skip("it fills at another place; --thorough tries it")
    full = make_checkout()
    full.change_config(lambda config: config.update(limits={"disk_gb": 1}))  # or the smallest disk is refused at once
    (full.folder / "results").symlink_to(small_disk)
    remount(small_disk, f"size={kilobytes}k")
    done = full.snakemake("--cores", "2", "--keep-going")
    assert done.returncode == 1
    assert "No space left on device" in done.stdout + done.stderr
    left = [path for path in small_disk.rglob("*") if path.is_file()]
    remount(small_disk, "size=64m")
    full.run()
    assert histories(full) == histories(finished)
    print(f"{kilobytes} kB: full after {len(left)} files")
