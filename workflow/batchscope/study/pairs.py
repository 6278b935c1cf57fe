"""Whether equal replicates of two studies are a pair, as those of two settings of one study are."""

from batchscope.study.study import Study

# What the weights, the rows and their order follow from when a training begins; and the loss, as what is learned.
_IN_COMMON = ("seed", "dataset", "split", "scaler", "model", "loss")
_APART = "not in pairs, so over trainings alone"


def paired_across(of: Study, against: Study) -> tuple[bool, str]:
    """Whether equal replicates of two studies are a pair, and why, in words."""
    if not all("dataset" in study.spec for study in (of, against)):
        return False, f"{_APART}: what runs have in common is known within a study alone"
    differ = [key for key in _IN_COMMON if of.spec.get(key) != against.spec.get(key)]
    if differ:
        return False, f"{_APART}: the studies differ in {', '.join(differ)}"
    return True, "in pairs of replicates: the studies have the same seed, data and model"
