from batchscope.imports import LIBRARY, library_modules, modules_in


def test_modules_are_found_wherever_they_are_imported(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import json\n\n\ndef late():\n    from batchscope.report.words import GUESSING\n")
    of_study = ("study/__init__.py", "study/scores.py", "study/setting.py")
    modules = ("__init__.py", "report/__init__.py", "report/words.py", *of_study)
    assert library_modules(program) == [LIBRARY / name for name in modules]


def test_a_program_that_trains_is_made_of_the_engine_and_not_of_the_figures():
    names = {path.name for path in library_modules(LIBRARY.parent / "scripts" / "train.py")}
    assert {"compiled.py", "fit.py", "task.py", "history.py", "jobs.py"} <= names
    assert names.isdisjoint({"style.py", "figures.py", "overview.py", "claims.py", "study.py"})


def test_modules_in_folders_that_are_no_packages_and_relative_ones_are_found(tmp_path):
    (tmp_path / "lib/inner").mkdir(parents=True)
    (tmp_path / "train.py").write_text("from lib.data import load\nimport lib.inner.deep, nowhere\n")
    (tmp_path / "lib/data.py").write_text("from . import words\nfrom .inner import other\nload = 1\n")
    (tmp_path / "lib/words.py").write_text("")
    (tmp_path / "lib/inner/__init__.py").write_text("")
    (tmp_path / "lib/inner/deep.py").write_text("from ..words import x\nimport train\n")
    (tmp_path / "lib/inner/other.py").write_text("")
    found = {path.relative_to(tmp_path).as_posix() for path in modules_in(tmp_path, tmp_path / "train.py")}
    assert found == {"lib/data.py", "lib/words.py", *(f"lib/inner/{name}.py" for name in ("__init__", "deep", "other"))}
