import copy
from pathlib import Path

import pytest
import yaml

from batchscope.errors import ConfigError
from batchscope.study.config import SCHEMA, check_config, check_files, read_file

STUDY = """
dataset: {make_blobs: {n_samples: 100, random_state: 0}}
split: {train: 50}
model: [{Dense: {units: 4}}]
optimizer: SGD
epochs: 2
batch_sizes: [4, full]
learning_rates: [0.01]
"""


def config_with(changes: str = "{}", name: str = "mine", without: str = "") -> dict:
    study = yaml.safe_load(STUDY) | yaml.safe_load(changes)
    study.pop(without, None)
    return {"studies": {name: study}}


def mistakes(config: dict) -> list[str]:
    with pytest.raises(ConfigError) as error:
        check_config(config)
    return str(error.value).splitlines()


def test_defaults_are_filled_in_and_the_given_config_is_left_alone():
    given = config_with()
    before = copy.deepcopy(given)
    config = check_config(given)
    study = config["studies"]["mine"]
    assert given == before
    assert (study["replicates"], study["seed"], study["engine"]) == (30, 0, "compiled")
    assert study["split"] == {"train": 50, "order": "as_given", "seed": 0}
    look = {"width": "auto", "font": "DejaVu Sans", "font_size": 7, "titles": True}
    assert config["figures"] == {"formats": ["svg", "pdf", "png"], **look}
    assert config["resources"] == {"gpu": "auto", "mem_mb": 3000}
    assert config["limits"] == {"hours": 24, "memory_gb": "auto", "disk_gb": "auto"}


@pytest.mark.parametrize(
    ("changes", "place", "problem"),
    [
        ("epocs: 3", "studies.mine", "unknown key 'epocs'; did you mean 'epochs'?"),
        ("split: {train: 50, ordr: shuffled}", "studies.mine.split", "did you mean 'order'?"),
        ("epochs: many", "studies.mine.epochs", "'many' does not fit; expected"),
        ("epochs: 2.0", "studies.mine.epochs", "whole number"),
        ("epochs: true", "studies.mine.epochs", "True does not fit"),
        ("updates: 100", "studies.mine", "give one of `epochs` and `updates`"),
        ("evaluate_every: {updates: 5, epochs: 1}", "studies.mine.evaluate_every", "expected how often"),
        ("evaluate_every: {epochs: 0}", "studies.mine.evaluate_every.epochs", "a number of epochs above 0"),
        ("evaluate_every: {updates: 0.5}", "studies.mine.evaluate_every.updates", "a whole number from 1 up"),
        ("evaluate_every: 5", "studies.mine.evaluate_every", "5 does not fit; expected how often"),
        ("warmup: 1", "studies.mine.warmup", "between 0 and 1"),
        ("learning_rates: 0.1", "studies.mine.learning_rates", "0.1 does not fit; expected one or more"),
        ("learning_rates: {at: 8, rates: [0.1]}", "studies.mine.learning_rates", "the key 'scaling' is missing"),
        (
            "learning_rates: {at: 8, rates: [0.1], scaling: cubic}",
            "studies.mine.learning_rates.scaling",
            "'cubic' does not fit; expected how the rates go with the batch size",
        ),
        (
            "learning_rates: {at: 8, rates: [0.1, 0.1], scaling: sqrt}",
            "studies.mine.learning_rates.rates",
            "0.1 is repeated",
        ),
        ("replicates: 0", "studies.mine.replicates", "whole number from 1 up"),
        ("batch_sizes: [0]", "studies.mine.batch_sizes[0]", "0 does not fit; expected a batch size"),
        ("batch_sizes: [4, -4]", "studies.mine.batch_sizes[1]", "-4 does not fit"),
        ("batch_sizes: [4, 2.5]", "studies.mine.batch_sizes[1]", "2.5 does not fit"),
        ("batch_sizes: [ful]", "studies.mine.batch_sizes[0]", "full (all training rows)"),
        ("batch_sizes: []", "studies.mine.batch_sizes", "one or more batch sizes"),
        ("learning_rates: [1e-3]", "studies.mine.learning_rates[0]", "'1e-3' is text for YAML, write 0.001"),
        ("learning_rates: [1e-7]", "studies.mine.learning_rates[0]", "'1e-7' is text for YAML, write 1.0e-07"),
        ("learning_rates: [0]", "studies.mine.learning_rates[0]", "a number above 0"),
        ("learning_rates: [.inf]", "studies.mine.learning_rates[0]", "inf does not fit"),
        ("split: {train: 1.5}", "studies.mine.split.train", "a count of rows from 1 up, or a fraction between 0 and 1"),
        ("split: {}", "studies.mine.split", "the key 'train' is missing"),
        ("dataset: {}", "studies.mine.dataset", "{} does not fit; expected one name"),
        ("dataset: {make_blobs: {}, make_moons: {}}", "studies.mine.dataset", "one name"),
        ("dataset: table", "studies.mine.dataset", "'table' does not fit; expected one name with its arguments"),
        ("dataset: {table: {path: a.csv}}", "studies.mine.dataset.table", "the key 'target' is missing"),
        ("dataset: {table: {path: a.csv, target: y, dorp: [z]}}", "studies.mine.dataset.table", "did you mean 'drop'?"),
        ("dataset: {table: {path: '{a}.csv', target: y}}", "studies.mine.dataset.table.path", "without { and }"),
        ("dataset: {npz: {path: a.npz, z: y}}", "studies.mine.dataset.npz", "unknown key 'z'; known: path, x, y"),
        ("split: {train: 5, groups: [a]}", "studies.mine.split.groups", "a column of the table"),
        ("scaler: 3", "studies.mine.scaler", "one name with its arguments"),
        (
            "steps_to_result: {}",
            "studies.mine.steps_to_result",
            "{} does not fit; expected the result that updates are",
        ),
        (
            "steps_to_result: {loss: 1, accuracy: 0.5}",
            "studies.mine.steps_to_result",
            "{'loss': 1, 'accuracy': 0.5} does not fit; expected the result that updates are counted to",
        ),
        (
            "steps_to_result: {accuracy: 1.5}",
            "studies.mine.steps_to_result.accuracy",
            "1.5 does not fit; expected a sc",
        ),
        (
            "questions: {q: {question: Q, answer: c, curves: [loss]}}",
            "studies.mine.questions.q.curves[0]",
            "'loss' does not fit; expected one of accuracy, loss and the measured metrics of test,",
        ),
        (
            "questions: {q: {question: Q, answer: c, measures: [usable_octaves]}}",
            "studies.mine.questions.q.measures[0]",
            "'usable_octaves' does not fit; expected one of the measures of a replicate at one learning rate",
        ),
        ("model: [{Dense: 4}]", "studies.mine.model[0].Dense", "4 does not fit; expected the arguments by name"),
        ("model: {Dense: {units: 4}}", "studies.mine.model", "the hidden layers in order"),
        ("model: {file: 'a{b}.py'}", "studies.mine.model.file", "expected the path of a file, from the folder where"),
        ("engine: fast", "studies.mine.engine", "compiled"),
        ("target_accuracy: 80", "studies.mine.target_accuracy", "between 0 and 1"),
        ("target_roc_auc: 1.5", "studies.mine.target_roc_auc", "between 0 and 1"),
        ("score: auc", "studies.mine.score", "accuracy, balanced_accuracy, f1_macro or roc_auc"),
        ("metrics: [accuracy]", "studies.mine.metrics[0]", "balanced_accuracy, f1_macro or roc_auc"),
        ("metrics: [roc_auc, roc_auc]", "studies.mine.metrics", "'roc_auc' is repeated"),
        ("class_weight: balance", "studies.mine.class_weight", "balanced (as much as every other"),
        ("class_weight: {ham: 0}", "studies.mine.class_weight.ham", "a weight above 0"),
        ("class_weight: {1.5: 2}", "studies.mine.class_weight", "expected a class, by its name"),
        ("class_weight: {yes: 2}", "studies.mine.class_weight", "True does not fit; expected a class, by its name, in"),
        (
            "learning_curves: {a/b: {batch_size: 4, learning_rate: 0.1}}",
            "studies.mine.learning_curves",
            "'a/b' does not fit; expected a figure's name",
        ),
        (
            "learning_curves: {a: {batch_size: 4}}",
            "studies.mine.learning_curves.a",
            "the key 'learning_rate' is missing",
        ),
    ],
)
def test_a_mistake_in_a_study_is_one_line_that_names_its_place(changes, place, problem):
    [line] = mistakes(config_with(changes))
    assert line.startswith(f"{place}: ")
    assert problem in line


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ("epochs: 9223372036854775808", "epochs: an integer of 2^63 or more, or of as much below 0, fits nowhere"),
        ("model: [{Dense: {units: -9223372036854775808}}]", "model[0].Dense.units: an integer of 2^63 or more"),
        ("dataset: {make_blobs: {centers: 2020-01-01}}", "dataset.make_blobs.centers: YAML reads this as date"),
        ("optimizer: {SGD: {name: !!binary eA==}}", "optimizer.SGD.name: YAML reads this as bytes"),
        ("model: [{Dense: {units: !!set {a}}}]", "model[0].Dense.units: YAML reads this as set"),
        ("model: [{Dense: {2020-01-01: 1}}]", "model[0].Dense.2020-01-01: YAML reads this key as date"),
        ("title: 2020-01-01 00:00:00", "title: YAML reads this as datetime; write text in quotes"),
    ],
)
def test_what_only_yaml_has_is_refused_also_among_arguments(changes, line):
    [mistake] = mistakes(config_with(changes))
    assert mistake.startswith(f"studies.mine.{line}")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: 2020-13-45", 2, "'2020-13-45' is no timestamp that can be read; text stands in quotes"),
        (f"a: {'1' * 5000}", 1, f"'{'1' * 40}' is no int that can be read"),
        (f"a: 0x{'f' * 5000}", 1, f"'0x{'f' * 38}' is no int that can be read"),
        ("a: !!timestamp x", 1, "'x' is no timestamp"),
        ("a: !!float x", 1, "'x' is no float"),
        ("a: !!bool x", 1, "'x' is no bool"),
        ("a: 1\n[1]: 2", 2, "while constructing a mapping, found unhashable key"),
        ("a: !!map 3", 1, "expected a mapping node, but found scalar"),
        ("a: !!set [1]", 1, "expected a mapping node, but found sequence"),
    ],
)
def test_what_yaml_takes_for_something_that_it_is_not_has_its_line(tmp_path, text, line, problem):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_file(path)
    assert str(error.value).startswith(f"{path}, line {line}: this is no YAML: {problem}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["my study", "../up", "1st", "", "a" * 65])
def test_a_study_name_that_is_no_safe_file_name_is_refused(name):
    [line] = mistakes(config_with(name=name))
    assert f"{name!r} does not fit; expected a study's name" in line


def test_a_missing_key_is_named_with_its_meaning():
    [line] = mistakes(config_with(without="split"))
    assert line.startswith("studies.mine: the key 'split' is missing; it is which rows")
    [line] = mistakes(config_with(without="learning_rates"))
    assert line == "studies.mine: the key 'learning_rates' is missing; it is one or more learning rates"


@pytest.mark.parametrize("config", [{}, {"studies": {}}, {"studies": None}])
def test_a_config_without_studies_is_refused(config):
    [line] = mistakes(config)
    assert "studies" in line


def test_every_mistake_gets_its_line():
    lines = mistakes(config_with("{epochs: 0, replicates: 0}") | {"figures": {"formats": ["gif"]}})
    assert [line.split(":")[0] for line in lines] == [
        "figures.formats[0]",
        "studies.mine.epochs",
        "studies.mine.replicates",
    ]


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("studies:\n  mine:\n    epochs: 1\n    epochs: 2\n")
    with pytest.raises(ConfigError, match=r"config.yaml, line 4: the key 'epochs' stands twice"):
        read_file(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("studies: [", "mine.yaml, line 1: this is no YAML: while parsing a flow node, "),
        ("", "mine.yaml: this is no mapping of keys to values; it starts with `studies:`"),
        (None, "mine.yaml: No such file or directory"),
    ],
)
def test_the_first_file_that_cannot_be_read_ends_the_program_in_a_line(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    Path("right.yaml").write_text("studies: {}")
    if text is not None:
        Path("mine.yaml").write_text(text)
    with pytest.raises(SystemExit) as ended:
        check_files(["right.yaml", "mine.yaml"])
    assert ended.value.code.startswith(message)
    assert "\n" not in ended.value.code


@pytest.mark.parametrize("text", ["studies: [", "- a list", "", "# nothing yet"])
def test_a_file_that_is_no_yaml_mapping_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_file(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"studies:\n  a: [1,\n  b: 2\n", "config.yaml, line 2: this is no YAML: while parsing a flow sequence, "),
        (b"studies:\n\ta: 1\n", "config.yaml, line 2: this is no YAML: while scanning for the next token, found "),
        (b"studies:\n  a: *none\n", "config.yaml, line 2: this is no YAML: found undefined alias 'none'"),
        (b"a: 1\n---\nb: 2\n", "config.yaml, line 2: this is no YAML: expected a single document in the stream, but"),
        (b"a: !!python/object/apply:os.getcwd []\n", "config.yaml, line 1: this is no YAML: could not determine a con"),
        ("a: Größe\n".encode("latin-1"), "config.yaml, line 1: this is not UTF-8; save the file in that encoding"),
        ("a: 1\n".encode("utf-16"), "config.yaml, line 1: this is not UTF-8; save the file in that encoding"),
        (b"a: &a [*a]\n", "config.yaml: it is nested too deeply, or an alias contains itself"),
        (b"a: " + b"[" * 5000, "config.yaml: it is nested too deeply, or an alias contains itself"),
        (
            b"a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n"
            + b"".join(b"%c: &%c [%s]\n" % (k, k, b", ".join([b"*%c" % (k - 1)] * 10)) for k in range(98, 105)),
            "config.yaml: it holds more than 1000000 values",
        ),
        (b"a:\n  epochs: 1:30\n", "config.yaml, line 2: 1:30 is the number 90 for YAML; write that, or text in quotes"),
        (b"a:\n  epochs: 010\n", "config.yaml, line 2: 010 is the number 8 for YAML; write that, or text in quotes"),
        (b"\x00", "config.yaml: unacceptable character"),
    ],
)
def test_a_mistake_in_yaml_is_one_line_that_names_file_and_line(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as error:
        read_file("config.yaml")
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_numbers_that_are_what_they_look_like_are_taken(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: [0, -0, 10, -7, +3, 1_000, 0.10, '010', '1:30', 1e3, 00]\n")
    read_file(path)


def test_the_default_config_is_taken(request):
    path = request.config.rootpath / "config.yaml"
    read_file(path)
    assert list(check_config(yaml.safe_load(path.read_text()))["studies"]) == ["blobs"]


def test_every_key_of_the_schema_is_described():
    schema = yaml.safe_load(SCHEMA.read_text())

    def undescribed(place, node):
        for key, child in node.get("properties", {}).items():
            referenced = schema["$defs"].get(child.get("$ref", "").rpartition("/")[2], {})
            if "description" not in child and "description" not in referenced:
                yield f"{place}.{key}"
            yield from undescribed(f"{place}.{key}", child)

    nodes = {"config": schema} | schema["$defs"]
    assert [key for place, node in nodes.items() for key in undescribed(place, node)] == []


def test_keys_that_are_merged_in_may_be_written_over(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("studies:\n  one: &one {epochs: 1}\n  two:\n    <<: *one\n    epochs: 2\n")
    read_file(path)


@pytest.mark.parametrize("schedule", ["{4: 0}", "{0: 4}", "{half: 4}", "{}", "{4: 1.5}"])
def test_a_schedule_maps_batch_sizes_to_epochs(schedule):
    check_config(config_with("batch_sizes: [{4: 50, full: 150}]"))
    [line] = mistakes(config_with(f"batch_sizes: [{schedule}]"))
    assert line.startswith("studies.mine.batch_sizes[0]")


@pytest.mark.parametrize("changes", ["claims: {1: {}}", "questions: {on: {}}", "learning_curves: {1: {}}"])
def test_a_name_is_text(changes):
    assert any("in quotes where it is a number" in line for line in mistakes(config_with(changes)))
    assert any("a study's name" in line for line in mistakes(config_with(name=2024)))


@pytest.mark.parametrize("title", ["a {word}", "$5", "two\nlines", ""])
def test_a_title_is_a_line_that_can_be_drawn(title):
    config = config_with()
    config["studies"]["mine"]["title"] = title
    [line] = mistakes(config)
    assert line.startswith("studies.mine.title")


@pytest.mark.parametrize(
    ("paper", "line"),
    [
        (
            "{authors: A, year: 2019, arxiv: [1811.03600]}",
            "paper.arxiv[0]: 1811.036 does not fit; expected an arXiv number",
        ),
        (
            '{authors: A, year: 2019, arxiv: "1811.03600"}',
            "paper.arxiv: '1811.03600' does not fit; expected the arXiv numbers of the paper",
        ),
        (
            '{authors: A, year: 2019, arxiv: ["1811.036"]}',
            "paper.arxiv[0]: '1811.036' does not fit; expected an arXiv number in quotes",
        ),
        ("{authors: A, year: 19}", "paper.year: 19 does not fit; expected the year of the paper"),
        ("{authors: A}", "paper: the key 'year' is missing; it is the year of the paper"),
        ("Shallue et al. 2019", "paper: 'Shallue et al. 2019' does not fit; expected the paper that the study is"),
    ],
)
def test_a_paper_is_cited_by_its_authors_and_year(paper, line):
    check_config(config_with('paper: {authors: A, year: 2019, arxiv: ["1811.03600", "math/0309285"]}'))
    [mistake] = mistakes(config_with(f"paper: {paper}"))
    assert mistake.startswith(f"studies.mine.{line}")
