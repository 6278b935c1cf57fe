"""What merging the files of a config, and the options of the command line, leaves."""

import pytest
import yaml

from batchscope.study.merge import merge

BASE = {
    "studies": {
        "one": {
            "optimizer": {"SGD": {"momentum": 0.9}},
            "epochs": 5,
            "claims": {"C1": {"above": 0}, "C2": {"above": 1}},
        },
        "two": {"epochs": 7},
    },
    "figures": {"formats": ["svg"]},
}


@pytest.fixture
def merged(tmp_path):
    """Merges texts of files, after those of the base, and options."""

    def merge_texts(*texts: str, **options) -> dict:
        files = [tmp_path / f"{number}.yaml" for number in range(len(texts) + 1)]
        for file, text in zip(files, [yaml.safe_dump(BASE), *texts]):
            file.write_text(text)
        return merge(files, options)

    return merge_texts


@pytest.mark.parametrize(
    ("optimizers", "left"),
    [
        (["{Adam: {}}"], {"Adam": {}}),
        (["{Adam: {}}", "{SGD: {}}"], {"SGD": {}}),
        (["{SGD: {nesterov: true}}"], {"SGD": {"momentum": 0.9, "nesterov": True}}),
        (["Adam"], "Adam"),
        (["{Adam: {}, SGD: {}}"], {"Adam": {}, "SGD": {"momentum": 0.9}}),  # of one file, which the schema refuses
    ],
)
def test_of_mappings_that_name_one_thing_the_later_counts(merged, optimizers, left):
    texts = [f"studies: {{one: {{optimizer: {optimizer}}}}}" for optimizer in optimizers]
    assert merged(*texts)["studies"]["one"]["optimizer"] == left


def test_how_often_is_measured_is_counted_in_one_unit(merged):
    every = ["{epochs: 0.1}", "{updates: 10}"]
    config = merged(*(f"studies: {{one: {{evaluate_every: {each}}}}}" for each in every))
    assert config["studies"]["one"]["evaluate_every"] == {"updates": 10}
    config = merged(*(f"studies: {{one: {{noise_scale: {{rows: 9, every: {each}}}}}}}" for each in every))
    assert config["studies"]["one"]["noise_scale"] == {"rows": 9, "every": {"updates": 10}}


@pytest.mark.parametrize("key", ["noise_scale", "ensembles"])
def test_a_schedule_of_batch_sizes_is_one_value(merged, key):
    config = merged(*(f"studies: {{one: {{{key}: {{batch_size: {each}}}}}}}" for each in ("{4: 1, 8: 2}", "{8: 1}")))
    assert config["studies"]["one"][key] == {"batch_size": {8: 1}}


def test_what_is_named_as_a_batch_size_is_merged(merged):
    config = merged("studies: {batch_size: {epochs: 7}}", "studies: {batch_size: {seed: 1}}")
    assert config["studies"]["batch_size"] == {"epochs": 7, "seed": 1}
    texts = [f"studies: {{one: {{claims: {{batch_size: {each}}}}}}}" for each in ("{above: 0}", "{source: S}")]
    assert merged(*texts)["studies"]["one"]["claims"]["batch_size"] == {"above": 0, "source": "S"}


def test_the_later_length_of_a_study_counts(merged):
    assert merged("studies: {two: {updates: 9}}")["studies"]["two"] == {"updates": 9}
    assert merged("studies: {two: {updates: 9}}", "studies: {two: {epochs: 3}}")["studies"]["two"] == {"epochs": 3}
    assert merged("studies: {two: {epochs: null, updates: 9}}")["studies"]["two"] == {"updates": 9}
    assert merged("studies: {two: {seed: 1}}")["studies"]["two"] == {"epochs": 7, "seed": 1}


def test_what_is_null_is_left_out(merged):
    config = merged("studies: {one: {claims: {C1: null}, epochs: null}, two: null}\nfigures: null")
    assert config == {
        "studies": {"one": {"optimizer": {"SGD": {"momentum": 0.9}}, "claims": {"C2": {"above": 1}}}},
    }


def test_null_stays_where_it_says_something(merged):
    config = merged(
        "studies: {one: {dataset: {make_blobs: {random_state: null}}, model: [{Dense: {activation: null}}]}}"
    )
    assert config["studies"]["one"]["dataset"] == {"make_blobs": {"random_state": None}}
    assert config["studies"]["one"]["model"] == [{"Dense": {"activation": None}}]


def test_nested_options_are_numbers_where_they_look_like_it(merged):
    option = {"one": {"epochs": "7", "title": "No", "learning_rates": ["1e-3", "0.1"], "batch_sizes": [{"4": "50"}]}}
    study = merged(studies=option)["studies"]["one"]
    assert (study["epochs"], study["title"]) == (7, "No")
    assert (study["learning_rates"], study["batch_sizes"]) == ([0.001, 0.1], [{4: 50}])
