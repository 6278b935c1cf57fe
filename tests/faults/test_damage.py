"""Finished files that were damaged, whatever their date: the next run notices and makes them again."""

import os

import numpy as np
import pytest

from batchscope.results.provenance import verify

NOT_FINISHED = ("logs", "benchmarks")
EXACT = (".parquet", ".npz", ".json", ".tex")  # whose bytes follow from the config
OF_A_CLOCK = ("timing", "provenance.json", "summary.tex")


def finished_files(checkout) -> list[str]:
    return [name for name in checkout.files() if not set(name.split("/")) & {*NOT_FINISHED}]


def truncate(content: bytes, _) -> bytes:
    return content[: len(content) // 2]


def flip_a_bit(content: bytes, generator: np.random.Generator) -> bytes:
    flipped = bytearray(content)
    flipped[generator.integers(len(content))] ^= 1 << generator.integers(8)
    return bytes(flipped)


def empty(_, __) -> bytes:
    return b""


def take_an_older_one(content: bytes, _) -> bytes:
    return content + b"older"


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, empty, take_an_older_one])
@pytest.mark.parametrize("old", [True, False], ids=["old date", "new date"])
def test_every_damaged_file_is_made_again(finished, damage, old, request):
    if (not old or damage in (truncate, take_an_older_one)) and not request.config.getoption("--thorough"):
        pytest.skip("the same but for a date that nothing looks at, or for other bytes; --thorough tries it")
    names = finished_files(finished)
    before = {name: (finished.folder / name).read_bytes() for name in names}
    generator = np.random.default_rng(0)
    damaged = {name: damage(before[name], generator) for name in names}
    for name in names:
        path = finished.folder / name
        date = path.stat().st_mtime
        path.write_bytes(damaged[name])
        os.utime(path, (date, date) if old else None)
    printed = finished.run("--cores", "2")
    # Where a file that it is made from has a new date, Snakemake makes it again by itself.
    unseen = [name for name in names if f"{name} is not as it was written, and is made again" not in printed]
    assert unseen == [] or not old
    assert verify(finished.folder / "results/small/provenance.json") == []
    assert finished_files(finished) == names
    again = {name: (finished.folder / name).read_bytes() for name in names}
    assert [name for name in names if again[name] == damaged[name]] == []
    same = [name for name in names if name.endswith(EXACT) and not any(part in name for part in OF_A_CLOCK)]
    assert [name for name in same if again[name] != before[name]] == []
    print(f"{len(names)} files, each with {damage.__name__}: all made again, {len(same)} with the same bytes")
