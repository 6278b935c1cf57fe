"""What unit and end-to-end tests, and those of faults, share."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import filelock
import pytest

from tests import checkout


def pytest_addoption(parser) -> None:
    parser.addoption(
        "--thorough", action="store_true", help="all models, optimizers, batch sizes and losses: much longer"
    )


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, as tests of whole runs wait for much of their time."""
    return os.cpu_count() + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files whose tests train begin first, so that no process is left with a long one when the others are done."""
    unit = Path(__file__).parent / "unit"
    items.sort(key=lambda item: item.path.is_relative_to(unit) and not item.path.is_relative_to(unit / "training"))


def pytest_report_header() -> str:
    return f"snakemake-{version('snakemake')}"


@pytest.fixture(scope="session", autouse=True)
def _signals() -> None:
    """Those that tests send are heard, also where these run in the background, which ignores some."""
    for number, handler in {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}.items():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(scope="module", autouse=True)
def _quick_collections() -> Iterator[None]:
    """Each of scipy's permutation tests collects garbage, which takes long among all that TensorFlow leaves behind."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _temporary_folder(tmp_path_factory) -> None:
    """One for each process that tests, so that they do not take pretended GPUs from each other."""
    tempfile.tempdir = os.environ["TMPDIR"] = str(tmp_path_factory.mktemp("tmp"))


@pytest.fixture(scope="session")
def blobs_spec() -> dict:
    """The tutorial's dataset."""
    return {"make_blobs": {"n_samples": 1000, "centers": 3, "n_features": 2, "cluster_std": 2, "random_state": 2}}


@pytest.fixture(scope="session")
def first_500() -> dict:
    return {"train": 500, "order": "as_given", "seed": 0}


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[], Path]], Path]:
    """Makes a folder once, by the first of the processes that test."""

    def make_once(name: str, make: Callable[[], Path]) -> Path:
        shared = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
        folder = shared / name
        with filelock.FileLock(f"{folder}.lock"):
            if not folder.exists():
                make().rename(folder)
        return folder

    return make_once


@pytest.fixture(scope="session")
def _asked(once, tmp_path_factory) -> Path:
    """What scikit-learn and Keras said of the small study, for which each checkout would start TensorFlow again."""

    def ask() -> Path:
        made = checkout.make_checkout(tmp_path_factory.mktemp("asked"))
        made.run("--dry-run", "--cores", "1")
        return made.folder

    return once("asked", ask) / ".snakemake/batchscope"


@pytest.fixture(scope="session")
def make_checkout(_asked, tmp_path_factory) -> Callable[..., checkout.Checkout]:
    """Makes a checkout of its own, with the small study or another config."""

    def make(config: str = checkout.SMALL) -> checkout.Checkout:
        made = checkout.make_checkout(tmp_path_factory.mktemp("checkout"), config)
        (made.folder / ".snakemake/batchscope").mkdir(parents=True)
        for path in _asked.glob("*.json"):
            shutil.copy2(path, made.folder / ".snakemake/batchscope")
        return made

    return make


@pytest.fixture(scope="session")
def _finished(once, make_checkout) -> checkout.Checkout:
    def finish() -> Path:
        made = make_checkout()
        made.run()
        return made.folder

    return checkout.Checkout(once("finished", finish))


@pytest.fixture
def finished(_finished, tmp_path) -> checkout.Checkout:
    """A checkout of its own in which the small study is finished."""
    return _finished.copy(tmp_path / "finished")
