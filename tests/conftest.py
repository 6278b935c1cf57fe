"""What unit and end-to-end tests share."""

import pytest


@pytest.fixture(scope="session")
def blobs_spec() -> dict:
    """The tutorial's dataset."""
    return {"make_blobs": {"n_samples": 1000, "centers": 3, "n_features": 2, "cluster_std": 2, "random_state": 2}}


@pytest.fixture(scope="session")
def first_500() -> dict:
    return {"train": 500, "order": "as_given", "seed": 0}
