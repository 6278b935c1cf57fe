"""Which rows train, validate and test."""

import numpy as np
from sklearn.model_selection import train_test_split

from batchscope.data.targets import numbers_instead
from batchscope.errors import ConfigError, one_line


def split_rows(
    split: dict,
    rows: int,
    classes: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """The positions of the rows of each part: train, test and, where asked for, validation.

    Args:
        split: as in the config.
        rows: how many there are.
        classes: of each row, whole numbers; what is stratified by.
        groups: of each row, whole numbers from 0. Groups are then split in place of rows, which follow their group.
        labels: the name of each class.

    Raises:
        ConfigError: a part would have no rows, or the rows cannot be split so.
    """
    if split["order"] == "stratified" and classes is None:
        raise ConfigError("split.order", "stratified is by class, and a regression has none; take shuffled")
    if groups is None:
        return _split(split, np.arange(rows), "rows", classes, labels)
    if split["order"] != "shuffled":
        raise ConfigError("split.order", f"groups are shuffled, not {split['order']}; write `order: shuffled`")
    parts = _split(split, np.arange(groups.max() + 1), "groups", None, None)
    return {part: np.flatnonzero(np.isin(groups, chosen)) for part, chosen in parts.items()}


def _split(
    split: dict, units: np.ndarray, noun: str, classes: np.ndarray | None, labels: np.ndarray | None
) -> dict[str, np.ndarray]:
    if split["order"] == "stratified":
        _check_classes(classes, labels, parts=2 + ("validation" in split))
    if "validation" not in split:
        train, test = _cut(split, units, f"training {noun}", split["train"], split.get("test"), classes)
        return {"train": train, "test": test}
    train, validation = (_count(split, part, units, noun) for part in ("train", "validation"))
    both, test = _cut(split, units, f"training and validation {noun}", train + validation, split.get("test"), classes)
    train, validation = _cut(split, both, f"training {noun}", train, validation, classes)
    return {"train": train, "test": test, "validation": validation}


def _check_classes(classes: np.ndarray, labels: np.ndarray | None, parts: int) -> None:
    counts = np.bincount(classes)
    rarest = int(np.argmin(counts))
    if counts[rarest] < parts:
        name = rarest if labels is None else labels[rarest]
        raise ConfigError(
            "split.order",
            f"stratified needs rows of every class in each of {parts} parts, and the class {str(name)!r} has "
            f"{counts[rarest]} in all; take them out, or make one class of it and another{numbers_instead(labels)}",
        )


def _count(split: dict, part: str, units: np.ndarray, noun: str) -> int:
    count = split[part] if isinstance(split[part], int) else int(split[part] * len(units))
    if count == 0:
        raise ConfigError(f"split.{part}", f"{split[part]:g} of {len(units)} {noun} is less than one; take more")
    return count


def _cut(
    split: dict, units: np.ndarray, name: str, first: float, second: float | None, classes: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The first part and the second one, all that is left where it is None, in the split's order."""
    first_units, second_units = (part if isinstance(part, int) else part * len(units) for part in (first, second or 1))
    if round(first_units + second_units, 6) > len(units):  # 0.8 and 0.2 of 23 are more by a rounding error
        raise ConfigError(
            "split",
            f"{first_units:g} {name} of {len(units)} leave fewer than {second_units:g} to test on; "
            "make `train` smaller",
        )
    try:
        return train_test_split(
            units,
            train_size=first,
            test_size=second,
            shuffle=split["order"] != "as_given",
            stratify=classes[units] if split["order"] == "stratified" else None,
            random_state=split["seed"] if split["order"] != "as_given" else None,
        )
    except ValueError as error:
        raise ConfigError("split", one_line(error)) from None
