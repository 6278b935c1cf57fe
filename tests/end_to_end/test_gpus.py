"""GPUs as a resource of the training jobs. The GPUs are pretended: TensorFlow finds none and trains on the CPU."""

import re

import pytest

TRAINED = "results/small/history/batch_size_full.parquet"


def gpus_of(checkout, rule: str) -> str:
    """The GPUs that a training job took, by its log."""
    log = (checkout.folder / f"results/small/logs/{rule}.log").read_text()
    return re.search(r"GPUs: (.*); CPU threads", log).group(1)


@pytest.mark.parametrize(
    ("gpu", "visible", "taken"),
    [("auto", "", "none"), ("auto", "a,b", "a"), (2, "a,b", "a, b"), (0, "a,b", "none")],
)
def test_a_training_job_takes_as_many_gpus_as_the_config_says(finished, gpu, visible, taken):
    finished.change_config(lambda config: config.update(resources={"gpu": gpu}))
    (finished.folder / TRAINED).unlink()
    finished.run("--cores", "1", TRAINED, CUDA_VISIBLE_DEVICES=visible)
    assert gpus_of(finished, "train_batch_size_full") == taken


def test_a_machine_with_four_gpus_runs_four_jobs_at_once_each_on_its_own(make_checkout):
    checkout = make_checkout()
    checkout.change_config(lambda config: config["studies"]["small"].update(batch_sizes=[8, 16, 32, 64, 100]))
    gpus = [f"pretended-{index}" for index in range(4)]
    printed = checkout.run("results/small/metrics/history.parquet", "--cores", "8", CUDA_VISIBLE_DEVICES=",".join(gpus))
    assert 'Provided resources: gpu=Resource("gpu", 4)' in printed
    # The first four start at once, on different GPUs; the fifth only after one of them has ended.
    events = re.findall(r"Training small|Finished jobid: \d+ \(Rule: train_", printed)
    assert [event.split()[0] for event in events[:6]] == ["Training"] * 4 + ["Finished", "Training"]
    first = re.findall(r"Training small at batch size (\w+)", printed)[:4]
    assert sorted(gpus_of(checkout, f"train_batch_size_{name}") for name in first) == gpus


def test_the_user_may_allow_more_jobs_per_gpu(make_checkout):
    arguments = ("results/small/dataset.npz", "--cores", "4", "--resources", "gpu=5")
    printed = make_checkout().run(*arguments, CUDA_VISIBLE_DEVICES="0")
    assert 'Provided resources: gpu=Resource("gpu", 5)' in printed
