"""Models from a function in a Python file: built as it says, and refused in one line where they do not fit."""

import sys
import textwrap

import numpy as np
import pytest

from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.model import model_file
from batchscope.model.model_file import call_model_file
from batchscope.study.userfiles import model_files

BRANCHES = """
    import keras

    def build(input_shape, outputs, units=8):
        features = keras.Input(input_shape)
        one = keras.layers.Dense(units, activation="relu")(features)
        other = keras.layers.Dense(units, activation="tanh")(features)
        return keras.Model(features, keras.layers.Dense(outputs)(keras.layers.Concatenate()([one, other])))
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model_file._find_function.cache_clear()  # of the files of this name in other folders

    def write(text: str, **spec) -> dict:
        (tmp_path / "ein Modell ü.py").write_text(textwrap.dedent(text))
        return {"file": "ein Modell ü.py", "function": "build", "arguments": {}} | spec

    return write


def test_the_function_gets_the_shape_the_outputs_and_its_arguments(write, tmp_path):
    model = call_model_file(write(BRANCHES, arguments={"units": 5}), (4,), 3)
    assert model.output_shape == (None, 3)
    assert model.count_params() == 2 * (4 + 1) * 5 + (10 + 1) * 3
    assert [path.name for path in tmp_path.iterdir()] == ["ein Modell ü.py"]


def test_a_model_that_is_only_a_class_of_its_own_fits_too(write):
    text = """
        import keras

        class Own(keras.Model):
            def __init__(self, outputs):
                super().__init__()
                self.last = keras.layers.Dense(outputs)

            def call(self, features):
                return self.last(keras.ops.sin(features))

        def build(input_shape, outputs):
            return Own(outputs)
    """
    assert isinstance(call_model_file(write(text), (4,), 3), keras.Model)


def test_modules_beside_the_file_are_imported_each_for_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder, units in (("one", 3), ("other", 7)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sizes.py").write_text(f"UNITS = {units}\n")
        (tmp_path / folder / "model.py").write_text(
            textwrap.dedent(BRANCHES)
            .replace("import keras\n", "import keras\nfrom sizes import UNITS\n", 1)
            .replace("units=8", "units=UNITS")
        )
    for folder, units in (("one", 3), ("other", 7), ("one", 3)):
        spec = {"file": f"{folder}/model.py", "function": "build", "arguments": {}}
        assert call_model_file(spec, (4,), 3).layers[1].units == units
        assert model_files(spec | {"files": []}) == [f"{folder}/model.py", f"{folder}/sizes.py"]
        assert [path.name for path in sorted((tmp_path / folder).iterdir())] == ["model.py", "sizes.py"]
    assert not [path for path in sys.path if path.startswith(str(tmp_path))]


def test_a_file_that_is_read_has_to_be_named(write, tmp_path):
    text = """
        import keras
        import numpy as np

        def build(input_shape, outputs):
            scale = float(np.load("scale.npy"))
            layers = [keras.layers.Rescaling(scale), keras.layers.Dense(outputs)]
            return keras.Sequential([keras.Input(input_shape), *layers])
    """
    np.save(tmp_path / "scale.npy", 2.0)
    with pytest.raises(ConfigError, match=r"model.files: build in .* reads scale.npy; .*: files: \[scale.npy\]"):
        call_model_file(write(text), (4,), 3)
    call_model_file(write(text, files=["scale.npy"]), (4,), 3)


def test_a_file_that_is_read_on_import_has_to_be_named_too(write, tmp_path):
    np.save(tmp_path / "scale.npy", 2.0)
    text = "import numpy as np\nSCALE = np.load('scale.npy')\n" + textwrap.dedent(BRANCHES)
    with pytest.raises(ConfigError, match=r"model.files: build in .* reads scale.npy"):
        call_model_file(write(text), (4,), 3)


@pytest.mark.parametrize(
    ("text", "spec", "message"),
    [
        (BRANCHES, {"file": "nowhere.py"}, "model.file: nowhere.py: FileNotFoundError"),
        (BRANCHES, {"file": "model.txt"}, "model.file: 'model.txt' is no Python file; its name ends in .py"),
        ("import nothing_of_that_name", {}, "model.file: .*line 1: ModuleNotFoundError: No module named 'nothing_of"),
        ("def build(:", {}, "model.file: .*line 1: SyntaxError"),
        (BRANCHES, {"function": "biuld"}, "model.function: .*has no function 'biuld'; did you mean 'build'?"),
        (BRANCHES, {"arguments": {"unit": 5}}, "model.arguments: .*unexpected keyword argument 'unit'"),
        ("def build(input_shape):\n    return 1", {}, "model.arguments: .*too many positional arguments"),
        ("def build(*_):\n    return 1 / 0", {}, "model.function: .*line 2: ZeroDivisionError: division by zero"),
        ("def build(*_):\n    return 'a model'", {}, "model.function: .*returns str, not a keras.Model"),
        (
            BRANCHES.replace("Dense(outputs)", "Dense(2)"),
            {},
            r"model.function: .*puts out the shape \(2,\); expected \(3",
        ),
        (
            BRANCHES.replace("(features, ", "(features, [features, ").replace("[one, other])))", "[one, other]))])"),
            {},
            r"model.function: .*puts out the shape \(4,\) and \(3,\); expected \(3",
        ),
        (
            "import keras\ndef build(*_):\n    return keras.Sequential([keras.Input((9,)), keras.layers.Dense(3)])",
            {},
            r"model.function: .*ValueError: Input 0 .*found shape=\(None, 4\)$",
        ),
        ("import sys\nsys.exit('done')", {}, "model.file: .*line 2: SystemExit: done"),
        ("import sys\ndef build(*_):\n    sys.exit()", {}, "model.function: .*line 3: SystemExit"),
        ("def build(*_):\n    assert False", {"file": "./ein Modell ü.py"}, "line 2: AssertionError: AssertionError"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_told_in_one_line(write, text, spec, message):
    with pytest.raises(ConfigError, match=message) as error:
        call_model_file(write(text, **spec), (4,), 3)
    assert "\n" not in str(error.value)
