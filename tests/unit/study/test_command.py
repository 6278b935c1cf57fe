"""The command of a program: its words, what is filled in, what is wrong with it."""

import shlex
import sys
from pathlib import Path

import pytest

from batchscope.study.command import FILLED_IN, command_mistakes, fill, search_path, split_all

GOOD = "python -m train --b {batch_size} --lr {learning_rate} --seed {seed} --to {history}"


def mistakes(command: str, rates: int = 2, replicates: int = 2, **program) -> list[str]:
    return list(command_mistakes({"command": command} | program, rates, replicates))


def test_what_is_filled_in_stays_inside_of_its_word():
    values = dict.fromkeys(FILLED_IN, "1") | {"history": "/a b/$(touch x); rm -rf 'é'"}
    words = fill(shlex.split("run --to={history} '{\"seed\": {seed}}' {history}"), values)
    assert words == ["run", f"--to={values['history']}", '{"seed": 1}', values["history"]]


def test_what_a_shell_would_do_is_left_as_it_stands():
    hostile = "run ; rm -rf / $(touch x) `id` | tee > out && true * ~ 'a b' \"c d\" ü"
    assert fill(shlex.split(hostile), {}) == [
        *("run", ";", "rm", "-rf", "/", "$(touch", "x)", "`id`", "|", "tee", ">", "out", "&&", "true", "*", "~"),
        *("a b", "c d", "ü"),
    ]


def test_in_what_a_shell_runs_values_are_quoted_and_variables_of_the_shell_left():
    words = shlex.split("bash -c 'cd $HOME && ./train ${x} {seed} > {history}' {history}")
    filled = fill(words, {"seed": 1, "history": "/a b; touch x"})
    assert filled[2] == "cd $HOME && ./train ${x} 1 > '/a b; touch x'"
    assert filled[3] == "/a b; touch x"
    assert fill(["python", "-c", "{history}"], {"history": "a b"}) == ["python", "-c", "a b"]


def test_the_words_of_what_a_shell_runs_are_words_too():
    assert split_all("bash -c 'python train.py \"a b\"'") == [
        *("bash", "-c", 'python train.py "a b"'),
        *("python", "train.py", "a b"),
    ]


def test_a_good_command_has_no_mistakes():
    assert mistakes(GOOD) == []


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (GOOD + " 'open", "a quote is not closed"),
        ("  ", "it is empty"),
        (GOOD + " a\0b", "it has a NUL, which no word may hold"),
        (GOOD + " {learning_rat}", "nothing is filled in for {learning_rat}; did you mean 'learning_rate'?"),
        (GOOD.replace("{batch_size}", "8"), "it has no {batch_size}, so all of them would train the same"),
        (GOOD.replace("{learning_rate}", "8"), "it has no {learning_rate}"),
        (GOOD.replace("{seed}", "8"), "it has no {seed}"),
        (GOOD.replace("{history}", "8"), "it has no {history}, the file that the program is to write"),
        (GOOD.replace("python", "pyhton"), "there is no program 'pyhton' on the PATH"),
        (GOOD.replace("-m train", "nowhere.py"), "there is no file 'nowhere.py'"),
    ],
)
def test_a_mistake_is_one_line_at_its_place(command, line):
    [found] = mistakes(command)
    assert found.startswith("program.command: ")
    assert line in found


def test_a_seed_and_a_rate_are_needed_where_there_are_several():
    assert mistakes("python --b {batch_size} --to {history}", rates=1, replicates=1) == []


def test_in_a_container_and_an_environment_there_are_other_programs():
    assert mistakes(GOOD.replace("python", "julia"), container="docker://julia") == []
    assert mistakes(GOOD.replace("python", "julia"), conda="julia.yaml") == []


def test_python_is_that_of_the_workflow_unless_an_environment_is_active(monkeypatch):
    monkeypatch.setenv("PATH", "/elsewhere")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    assert search_path() == f"{Path(sys.executable).parent}:/elsewhere"
    monkeypatch.setenv("CONDA_PREFIX", "/env")
    assert search_path() == "/elsewhere"
