"""One test cluster at a time, and none is hindered by what another has left."""

import pytest

from tests.cluster import slurm as cluster


def test_a_cluster_that_runs_is_left_alone(slurm, tmp_path):
    with pytest.raises(RuntimeError, match="a test cluster is running"):
        cluster.Slurm(tmp_path)
    assert slurm.ask("sinfo", "--noheader", "--partition=gpu").startswith("gpu")


@pytest.fixture
def configuration(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONFIGURATION", tmp_path)
    return tmp_path / "slurm.conf"


def test_a_cluster_that_was_killed_is_no_hindrance(configuration, tmp_path):
    configuration.symlink_to(tmp_path / f"{cluster.FOLDER}0" / "slurm.conf")
    cluster.Slurm(tmp_path)
    assert not configuration.is_symlink()


def test_a_cluster_of_others_is_left_alone(configuration, tmp_path):
    configuration.symlink_to("/srv/cluster/slurm.conf")
    with pytest.raises(RuntimeError, match="this machine belongs to a cluster"):
        cluster.Slurm(tmp_path)
    assert configuration.is_symlink()
