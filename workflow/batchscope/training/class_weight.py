"""How much each class counts in the loss of training rows."""

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from batchscope.data.dataset import Dataset
from batchscope.errors import ConfigError, suggestion


def weights_of_classes(class_weight: str | dict, dataset: Dataset) -> np.ndarray:
    """The weight of each class, float32 as in `Model.fit`, (classes,), from what the config says.

    Those of `balanced` go by the training rows of the study's own split, on new splits too.

    Raises:
        ConfigError: there is no such class, or numbers are learned.
    """
    if dataset.y_train.dtype.kind == "f":
        raise ConfigError("class_weight", "numbers are learned here; leave it out")
    weights = np.ones(dataset.classes, np.float32)
    if class_weight == "balanced":
        classes = np.unique(dataset.y_train)
        weights[classes] = compute_class_weight("balanced", classes=classes, y=dataset.y_train)
        return weights
    labels = dataset.class_names
    for label, weight in class_weight.items():
        if str(label) not in labels:
            raise ConfigError("class_weight", f"there is no class {str(label)!r}{suggestion(label, labels)}")
        weights[labels.index(str(label))] = weight
    return weights
