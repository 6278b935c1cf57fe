"""A study that is finished, for tests of what follows."""

import pytest

from tests.checkout import Checkout


@pytest.fixture(scope="session")
def _finished(make_checkout) -> Checkout:
    checkout = make_checkout()
    checkout.run()
    return checkout


@pytest.fixture
def finished(_finished, tmp_path) -> Checkout:
    """A checkout of its own in which the small study is finished."""
    return _finished.copy(tmp_path / "finished")
