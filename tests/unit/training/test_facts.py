"""What scikit-learn and Keras refuse is told in one line, with what was probably meant."""

import pytest
import yaml

from batchscope.errors import ConfigError
from batchscope.study.config import check_config
from batchscope.training.facts import find_facts

STUDY = yaml.safe_load("""
dataset: {make_blobs: {n_samples: 100, random_state: 0}}
split: {train: 0.5}
model: [{Dense: {units: 4}}]
optimizer: SGD
epochs: 2
batch_sizes: [4]
learning_rates: [0.01]
""")


def facts(changes: str = "{}") -> dict:
    return find_facts(check_config({"studies": {"mine": STUDY | yaml.safe_load(changes)}})["studies"]["mine"])


@pytest.mark.parametrize(
    ("changes", "train_rows"),
    [
        ("{}", 50),
        ("split: {train: 30}", 30),
        ("{dataset: {make_blobs: {n_samples: 23, random_state: 0}}, split: {train: 0.8, test: 0.2}}", 18),
        ("{dataset: load_iris, split: {train: 0.5, order: stratified}}", 75),
        ("model: []", 50),
        ("model: [{Reshape: {target_shape: [2, 1]}}, {Conv1D: {filters: 2, kernel_size: 1}}, Flatten]", 50),
        ("loss: {CategoricalCrossentropy: {label_smoothing: 0.1}}", 50),
    ],
)
def test_facts(changes, train_rows):
    assert facts(changes)["train_rows"] == train_rows


@pytest.mark.parametrize(
    ("changes", "weights_used"),
    [
        ("{}", 2 * 4 + 4 + 4 * 3 + 3),
        ("model: []", 2 * 3 + 3),
        (  # a convolution uses its weights at every position
            "model: [{Reshape: {target_shape: [2, 1]}}, {Conv1D: {filters: 5, kernel_size: 1}}, Flatten]",
            2 * (5 + 5) + 10 * 3 + 3,
        ),
    ],
)
def test_multiplications_of_an_epoch(changes, weights_used):
    """Training rows pass forward, and backward for twice as much; test rows pass forward."""
    assert facts(changes)["multiplications"] == weights_used * (3 * 50 + 50)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("dataset: {make_blob: {}}", "dataset: neither sklearn.datasets nor keras.datasets has 'make_blob'"),
        ("dataset: {make_blob: {}}", "did you mean 'make_blobs'?"),
        (
            "dataset: {make_blobs: {n_sample: 3}}",
            "dataset.make_blobs: no argument 'n_sample'; did you mean 'n_samples'?",
        ),
        ("dataset: {make_blobs: {n_samples: few, random_state: 0}}", "dataset.make_blobs: The 'n_samples' parameter"),
        ("dataset: make_blobs", "dataset.make_blobs: it draws at random; add random_state"),
        (
            "dataset: {make_regression: {random_state: 0}}",
            "dataset.make_regression: the target holds numbers; to learn numbers set",
        ),
        ("dataset: {make_blobs: {centers: 1, random_state: 0}}", "dataset.make_blobs: the target holds a single class"),
        (
            "{model: [BatchNormalization], noise_scale: {}}",
            "noise_scale: the gradient of a batch is not the mean of those of its rows, by batch_normalization, which",
        ),
        (
            "{dataset: {make_blobs: {n_samples: 100, n_features: 1, random_state: 0}}, explorer: {boundary: true}}",
            "explorer.boundary: a plane needs rows of two features or more, these have one feature; take `confusion`",
        ),
        (
            "{dataset: {make_blobs: {n_samples: 100, centers: 11, random_state: 0}}, explorer: {boundary: true}}",
            "explorer.boundary: 11 classes are more than 10; take `confusion` in its place, or set it to false",
        ),
        ("split: {train: 100}", "split: 100 training rows of 100 leave fewer than 1 to test on"),
        ("split: {train: 0.999}", "split: 99.9 training rows of 100 leave fewer than 1 to test on"),
        ("split: {train: 60, test: 60}", "split: 60 training rows of 100 leave fewer than 60 to test on"),
        ("split: {train: 0.5, validation: 0.001}", "split.validation: 0.001 of 100 rows is less than one; take more"),
        ("split: {train: 50, test: 2, order: stratified}", "split: The test_size = 2"),
        (
            "{split: {train: 50, order: resampled}, new_splits: {}}",
            "new_splits: with `order: resampled` every replicate",
        ),
        (
            "{dataset: {make_blobs: {n_samples: [95, 5], random_state: 0}}, new_splits: {replicates: 100}}",
            "fails: split: no training row is of the class '1', of 5 rows; take more of them, `order: stratified`",
        ),
        ("model: [{Dens: {}}]", "model[0]: keras.layers has no 'Dens'; did you mean 'Dense'?"),
        ("model: [Flatten, {Dense: {unit: 3}}]", "model[1].Dense: no argument 'unit'; did you mean 'units'?"),
        ("model: [{Dense: {units: a}}]", "model[0].Dense: Received an invalid value for `units`"),
        ("model: [Dense]", "model[0].Dense: "),
        (
            "model: [{Dense: {units: 3, activation: rellu}}]",
            "model[0].Dense.activation: keras.activations has no 'rellu'; did you mean 'relu'?",
        ),
        (
            "model: [{Dense: {units: 3, kernel_initializer: he_unifrm}}]",
            "keras.initializers has no 'he_unifrm'; did you mean 'he_uniform'?",
        ),
        ("model: [{Conv2D: {filters: 3, kernel_size: 2}}]", "model: the layers do not fit together"),
        ("model: [{Reshape: {target_shape: [2, 1]}}]", "end them with Flatten or a global pooling layer"),
        ("optimizer: SDG", "optimizer: keras.optimizers has no 'SDG'; did you mean 'SGD'?"),
        (
            "optimizer: MultiOptimizer",
            "optimizer: MultiOptimizer is made of other optimizers; name one of these itself",
        ),
        ("optimizer: {SGD: {momentun: 0.9}}", "optimizer.SGD: no argument 'momentun'; did you mean 'momentum'?"),
        ("optimizer: {SGD: {momentum: 9}}", "optimizer.SGD: `momentum` must be a float between [0, 1]"),
        (
            "optimizer: {SGD: {learning_rate: 0.1}}",
            "optimizer.SGD: the learning rate goes under the study's `learning_rates`",
        ),
        ("optimizer: {Adam: {beta_1: high}}", "model: an update fails with this dataset, optimizer and loss"),
        ("loss: MSE", "loss: 'MSE' is no loss for classes or standardised numbers"),
        ("loss: {CategoricalCrossentropy: {label_smothing: 1}}", "did you mean 'label_smoothing'?"),
    ],
)
def test_what_the_libraries_refuse_is_one_line(changes, message):
    with pytest.raises(ConfigError) as error:
        facts(changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("shared", ["the whole model", "a layer"])
def test_a_model_file_whose_models_share_weights_is_refused(tmp_path, shared):
    """A replicate would start from where the one before it ended."""
    build = {
        "the whole model": "cache(lambda shape, outputs: keras.Sequential([keras.layers.Dense(outputs)]))",
        "a layer": "lambda shape, outputs, last=keras.layers.Dense(3): keras.Sequential([last])",
    }[shared]
    (tmp_path / "model.py").write_text(f"import keras\nfrom functools import cache\nbuild = {build}\n")
    with pytest.raises(ConfigError, match=r"^model.function: its models share weights; make all trained layers inside"):
        facts(f"model: {{file: {tmp_path / 'model.py'}}}")


def test_a_model_that_is_to_be_kept_has_to_be_one_that_keras_loads(tmp_path):
    (tmp_path / "model.py").write_text("""
import keras

class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def build(shape, outputs):
    return keras.Sequential([keras.Input(shape), Twice(), keras.layers.Dense(outputs)])
""")
    model = f"model: {{file: {tmp_path / 'model.py'}}}"
    assert facts(f"{{{model}}}")["train_rows"] == 50
    with pytest.raises(ConfigError, match=r"^keep.models: Keras cannot save .* Could not locate class 'Twice'"):
        facts(f"{{{model}, keep: {{models: recommended}}}}")
