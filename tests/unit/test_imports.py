from batchscope.imports import LIBRARY, library_modules


def test_modules_are_found_wherever_they_are_imported(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import json\n\n\ndef late():\n    from batchscope.report.words import GUESSING\n")
    modules = ("__init__.py", "report/__init__.py", "report/words.py", "study/__init__.py", "study/scores.py")
    assert library_modules(program) == [LIBRARY / name for name in modules]


def test_a_program_that_trains_is_made_of_the_engine_and_not_of_the_figures():
    names = {path.name for path in library_modules(LIBRARY.parent / "scripts" / "train.py")}
    assert {"compiled.py", "fit.py", "task.py", "history.py", "jobs.py"} <= names
    assert names.isdisjoint({"style.py", "figures.py", "overview.py", "claims.py", "study.py"})
