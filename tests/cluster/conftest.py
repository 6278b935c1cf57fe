"""A real SLURM for the tests, with pretended GPUs, and nothing of it left when they have ended."""

from collections.abc import Callable, Iterator

import pytest

from tests.checkout import Checkout
from tests.cluster.slurm import FOLDER, Slurm

# As a user runs it, but for the seconds between two looks at the jobs, which otherwise grow with every look.
PROFILE = ("--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "5")
LOOK_OFTEN = """
import asyncio

if executor:
    executor.Executor.sleep = lambda _: asyncio.sleep(2)
"""
# Every training in an allocation of its own.
UNPACKED = ("--group-components", "none=1")


@pytest.fixture(scope="session")
def slurm(tmp_path_factory) -> Iterator[Slurm]:
    try:
        cluster = Slurm(tmp_path_factory.mktemp(FOLDER))
    except RuntimeError as error:
        pytest.exit(str(error), returncode=1)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def make_checkout(make_checkout) -> Callable[..., Checkout]:
    def make(*config: str) -> Checkout:
        checkout = make_checkout(*config)
        with open(checkout.folder / "Snakefile", "a") as file:
            file.write(LOOK_OFTEN)
        return checkout

    return make


def read_histories(checkout: Checkout) -> dict[str, bytes]:
    return {path: (checkout.folder / path).read_bytes() for path in checkout.files() if "/history/" in path}
