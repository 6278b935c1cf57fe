"""New splits of a dataset, for trainings that show how much hangs on which rows train and which test."""

from collections.abc import Iterator

import numpy as np

from batchscope.data.dataset import Splits
from batchscope.data.prepare import SplitRows, fit_to_training_rows, read_split_rows
from batchscope.data.splits import split_rows
from batchscope.data.targets import check_training_classes
from batchscope.errors import ConfigError

_STREAM = 3  # of the seeds of new splits, beside the random streams of `batchscope.training.task`


def draw_splits(
    dataset: dict | str, split: dict, scaler: dict | str | None, regression: bool, seed: int, replicates: int
) -> Splits:
    """New splits of the rows that a study's own split uses, into parts of the same sizes.

    Whatever is fitted is fitted to the training rows of each split alone.

    Args:
        dataset, split, scaler, regression: as `make_dataset` of `batchscope.data.prepare` takes them. Classes stay
            stratified where they are; other orders are shuffled.
        seed: of the study; split k follows from it and from k.
        replicates: how many splits.

    Raises:
        ConfigError: the study cannot be split anew, or not into such splits that its model can be trained on.
    """
    drawn = zip(*each_split(dataset, split, scaler, regression, seed, replicates))
    return Splits(*(None if of_splits[0] is None else np.stack(of_splits) for of_splits in drawn))


def each_split(
    dataset: dict | str, split: dict, scaler: dict | str | None, regression: bool, seed: int, replicates: int
) -> Iterator[Splits]:
    """One split of `draw_splits` after the other, without the dimension of splits."""
    if split["order"] == "resampled":
        raise ConfigError("new_splits", "with `order: resampled` every replicate has a split of its own; leave it out")
    if "groups" in split:
        raise ConfigError(
            "new_splits", "rows that `groups` keeps together are not split anew; leave out one of the two"
        )
    own = read_split_rows(dataset, split, scaler, regression)
    used = np.concatenate([*own.parts.values()])
    sizes = {part: len(positions) for part, positions in own.parts.items()}
    order = split["order"] if split["order"] == "stratified" else "shuffled"
    classes = None if regression else own.y[used]
    features = fit_to_training_rows(own, own.parts).features if own.is_table else None
    for number in range(replicates):
        [drawn] = np.random.SeedSequence([seed, number, _STREAM]).generate_state(1)
        try:
            parts = split_rows(sizes | {"order": order, "seed": int(drawn)}, len(used), classes, labels=own.labels)
            fitted = _fitted(own, {part: used[rows] for part, rows in parts.items()}, features)
        except ConfigError as error:
            raise ConfigError("new_splits", f"split {number} fails: {error}") from None
        yield Splits(np.concatenate([*parts.values()]).astype(np.int32), *fitted)


def _fitted(rows: SplitRows, parts: dict[str, np.ndarray], features: np.ndarray | None) -> tuple:
    """What `Splits` has of one split beside `rows`: nothing where nothing is fitted to its training rows.

    A table has to come out with as many features as in the study's own split.
    """
    if not rows.is_fitted_to:
        check_training_classes(rows.y, rows.labels, parts)
        return ()
    x, y, names, *unit = fit_to_training_rows(rows, parts)
    if rows.is_table and len(names) != len(features):
        [other, *_] = sorted({*names} ^ {*features})
        raise ConfigError(
            "dataset.table",
            f"it has {len(names)} features here and {len(features)} in the study's own split, as the training rows of "
            f"one of them lack {str(other)!r}; `drop` its column, gather rare values with `min_frequency`, or make "
            "`train` larger",
        )
    return np.concatenate([*x.values()]), np.concatenate([*y.values()]), *unit
