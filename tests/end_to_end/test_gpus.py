"""GPUs as a resource of the training jobs. The GPUs are pretended: TensorFlow finds none and trains on the CPU."""

import re


def test_without_a_gpu_jobs_ask_for_none(make_checkout):
    printed = make_checkout().run("--dry-run", "--cores", "1", CUDA_VISIBLE_DEVICES="")
    assert "gpu=" not in re.sub(r"gpu=0", "", printed)


def test_a_number_in_the_config_forces_it(make_checkout):
    checkout = make_checkout()
    checkout.change_config(lambda config: config.update(resources={"gpu": 3}))
    assert "gpu=3" in checkout.run("--dry-run", "--cores", "1", CUDA_VISIBLE_DEVICES="")


def test_no_more_jobs_at_once_than_gpus_and_each_on_its_own(make_checkout):
    checkout = make_checkout()
    printed = checkout.run("--cores", "4", CUDA_VISIBLE_DEVICES="pretended-0,pretended-1")
    assert re.search(r"Provided resources: .*gpu=2", printed)
    logs = [path.read_text() for path in (checkout.folder / "results/small/logs").glob("train_*.log")]
    claimed = [re.search(r"GPUs: (\S+);", log).group(1) for log in logs]
    assert len(claimed) == 3
    assert set(claimed) == {"pretended-0", "pretended-1"}


def test_the_user_may_allow_more_jobs_per_gpu(make_checkout):
    printed = make_checkout().run("--cores", "4", "--resources", "gpu=5", CUDA_VISIBLE_DEVICES="0")
    assert re.search(r"Provided resources: .*gpu=5", printed)
