"""A study that is finished, for tests of what follows."""

import filelock
import pytest

from tests.checkout import Checkout


@pytest.fixture(scope="session")
def _finished(make_checkout, tmp_path_factory, worker_id) -> Checkout:
    """Run once, by the first of the processes that test."""
    shared = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    folder = shared / "finished"
    with filelock.FileLock(f"{folder}.lock"):
        if not folder.exists():
            checkout = make_checkout()
            checkout.run()
            checkout.folder.rename(folder)
    return Checkout(folder)


@pytest.fixture
def finished(_finished, tmp_path) -> Checkout:
    """A checkout of its own in which the small study is finished."""
    return _finished.copy(tmp_path / "finished")
