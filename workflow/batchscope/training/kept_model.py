"""A trained model for use elsewhere: with its preprocessing, what it learned, and how to load both with plain Keras."""

import json
from importlib.metadata import version
from pathlib import Path

import joblib

from batchscope.data.columns import MARKS, WORDS
from batchscope.data.dataset import Dataset
from batchscope.data.prepare import SplitRows, fit_preprocessing
from batchscope.errors import ConfigError
from batchscope.files import replacing
from batchscope.hardware.backend import keras
from batchscope.names import name_and_arguments

_PACKAGES = ("keras", "tensorflow", "scikit-learn", "joblib", "numpy", "pandas")


def save(model: keras.Model, rows: SplitRows, about: dict, folder: Path) -> None:
    """Write `model.keras`, `preprocessing.joblib`, fitted to the training rows, `model.json` and `README.md`.

    Args:
        about: as from `describe`, and what else there is to say of the model.
    """
    preprocessing = fit_preprocessing(rows, rows.x.take(rows.parts["train"], axis=0))
    with replacing(folder / "model.keras") as temporary:
        model.save(temporary)
    with replacing(folder / "preprocessing.joblib") as temporary:
        joblib.dump(preprocessing, temporary)
    with replacing(folder / "model.json") as temporary:
        temporary.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n")
    with replacing(folder / "README.md") as temporary:
        temporary.write_text(_readme(about, folder))


def check_savable(model: keras.Model, path: Path) -> None:
    """Save a model to a path and load it.

    Raises:
        ConfigError: Keras refuses one of the two.
    """
    try:
        model.save(path)
        keras.saving.load_model(path)
    except Exception as error:  # whatever a layer of the user's raises
        why = str(error).rpartition("Exception encountered: ")[2].strip().partition("\n")[0]  # of a part of the model
        raise ConfigError("keep.models", f"Keras cannot save this model and load it: {why}") from None


def describe(rows: SplitRows, dataset: Dataset, spec: dict | str) -> dict:
    """What a model takes and what it learned, of values that JSON has.

    Args:
        rows: as they were read, and `dataset`, which was made of them.
        spec: the dataset in the config.

    Of a table `columns` has the type of each and `missing` the texts that stand for none in it, as `pandas.read_csv`
    takes them; of arrays `shape` is that of a row. `classes` are in the order of the outputs; a number is an output
    times `target_scale` plus `target_mean`.
    """
    if rows.is_table:
        _, arguments = name_and_arguments(spec)
        marks = {"", *arguments.get("missing", [*MARKS, *WORDS])}
        takes = {
            "columns": {name: "float64" if values.dtype.kind == "f" else "str" for name, values in rows.x.items()},
            "missing": {name: sorted(marks - {*values.unique()}) for name, values in rows.x.items()},
        }
    else:
        takes = {"shape": rows.x.shape[1:]}
    if rows.labels is None:
        mean, scale = dataset.unit
        learned = {"target_mean": mean, "target_scale": scale}
    else:
        learned = {"classes": dataset.class_names}
    return takes | learned | {"packages": {name: version(name) for name in _PACKAGES}}


def _readme(about: dict, folder: Path) -> str:
    if "columns" in about:
        package = "pandas as pd"
        read = """x = pd.read_csv(
    "new.csv", usecols=[*about["columns"]], dtype=about["columns"], na_values=about["missing"], keep_default_na=False
)"""
    else:
        package, read = "numpy as np", f'x = np.load("new.npy")  # (rows, {", ".join(map(str, about["shape"]))})'
    if "classes" in about:
        predict = """probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(outputs))  # (rows, classes)
predicted = [about["classes"][number] for number in outputs.argmax(axis=1)]"""
    else:
        predict = 'predicted = outputs[:, 0] * about["target_scale"] + about["target_mean"]'
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    return f"""# {about["title"]}

Batch size {about["batch_sizes"]}, learning rate {about["learning_rate"]:g}, replicate {about["replicate"]}: of the
setting to take, the replicate that is best on the validation rows. It is loaded without Batchscope:

```python
import json
from pathlib import Path

import joblib
import keras
import {package}

folder = Path("{folder}")
about = json.loads((folder / "model.json").read_text())
preprocessing = joblib.load(folder / "preprocessing.joblib")
model = keras.saving.load_model(folder / "model.keras")

{read}
outputs = model.predict(preprocessing.transform(x))
{predict}
```

`joblib.load` runs code that is in the file: load only what you trust. scikit-learn promises to load its objects with
the version that made them. Made with {packages}.
"""
