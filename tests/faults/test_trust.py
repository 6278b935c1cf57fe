"""The config and the data are data: nothing in them is run, and nothing is written outside of results/."""

from pathlib import Path

import numpy as np
import pytest

from tests.checkout import Checkout

LURE = "`touch owned` <script>touch()</script> \\input owned |x|_ 100 % & # ${} {{ 99991 * 99989 }} $(touch owned)"


class Lure:
    def __reduce__(self):
        return (Path.touch, (Path("owned"),))


def test_text_of_the_config_is_shown_and_never_run(make_checkout):
    checkout = make_checkout()

    def tempt(config: dict) -> None:
        study = config["studies"]["small"]
        study["title"] = "\\input owned |x|_ 100 % & # 'of' \"mine\": *all*"
        study["claims"]["C1"]["statement"] = LURE
        study["questions"]["Q1"]["question"] = LURE.partition(" $")[0]
        config["figures"]["formats"] = ["svg"]

    checkout.change_config(tempt)
    checkout.run()
    results = checkout.folder / "results"
    assert not list(checkout.folder.rglob("owned"))
    pages = [path for path in results.rglob("*.html") if "&lt;script&gt;touch()" in path.read_text()]
    assert {path.name for path in pages} >= {"claims.html"}
    for path in results.rglob("*.html"):
        assert "<script>touch()" not in path.read_text(), path
        assert "System Message" not in path.read_text(), path
        assert "9998000099" not in path.read_text(), path
    for path in results.rglob("*.tex"):
        assert "\\input owned" not in path.read_text(), path


OF_THE_SCHEMA = [
    ("    epochs: 12", "    title: <script>touch()</script>\n    epochs: 12", ".title"),
    ("    epochs: 12", "    title: $(touch owned)\n    epochs: 12", ".title"),
    ("      whole:", "      ../../owned:", ".learning_curves: '../../owned'"),
    ("      C1:", "      ../../owned:", ".claims: '../../owned'"),
    ("optimizer:", "optimizer_file: owned.py\n    optimizer:", ": unknown key 'optimizer_file'"),
]
OF_THE_LIBRARIES = [
    ("activation: relu", "activation: __import__('os').system('touch owned')", ".model[0].Dense"),
    ("make_blobs:", "os.system:", ".dataset"),
    ("Dense:", "os.system:", ".model[0]"),
    ("Dense:", "Lambda:", ".model[0]"),
]
OF_NAMES = [("  small:", "  ../../owned:"), ("  small:", "  /owned:")]
OF_YAML = [
    ("epochs: 12", '!!python/object/apply:os.system ["touch owned"]: 12'),
    ("epochs: 12", 'epochs: !!python/object/apply:os.system ["touch owned"]'),
]


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def refused(checkout: Checkout) -> list[str]:
    """The lines in which a config is refused, of which nothing was run."""
    done = checkout.snakemake()
    assert done.returncode == 1
    assert not list(checkout.folder.parent.rglob("owned*"))
    return [line for line in done.stderr.splitlines() if not line.startswith("Using workflow specific profile")]


@pytest.mark.parametrize("mistakes", [OF_THE_SCHEMA, OF_THE_LIBRARIES])
def test_what_would_run_or_lead_elsewhere_is_refused(make_checkout, mistakes):
    """Each in a study of its own, all told at once."""
    checkout = make_checkout()
    studies = checkout.read("config.yaml").partition("figures:")[0].partition("studies:")[2]
    texts = [
        replaced(replaced(studies, old, new), "  small:", f"  small_{number}:")
        for number, (old, new, _) in enumerate(mistakes)
    ]
    checkout.configure(f"studies:{''.join(texts)}")
    lines = refused(checkout)
    assert len(lines) == len(mistakes), lines
    for number, (line, (_, _, start)) in enumerate(zip(lines, mistakes)):
        assert line.startswith(f"studies.small_{number}{start}")


@pytest.mark.parametrize(("old", "new"), OF_NAMES)
def test_a_name_that_would_lead_elsewhere_is_refused(make_checkout, old, new):
    checkout = make_checkout()
    checkout.configure(replaced(checkout.read("config.yaml"), old, new))
    assert any(line.startswith(f"studies: {new.strip(' :')!r} does not fit") for line in refused(checkout))


@pytest.mark.parametrize(("old", "new"), OF_YAML)
def test_yaml_that_would_run_is_refused(make_checkout, old, new):
    checkout = make_checkout()
    checkout.configure(replaced(checkout.read("config.yaml"), old, new))
    assert any(line.startswith("config.yaml, line 11: this is no YAML") for line in refused(checkout))


def test_data_files_are_not_unpickled(make_checkout):
    checkout = make_checkout()
    rows = np.array([[Lure(), 1.0]] * 30, dtype=object)
    np.savez(checkout.folder / "data.npz", x=rows, y=np.arange(30) % 3)
    checkout.change_config(lambda config: config["studies"]["small"].update(dataset={"npz": {"path": "data.npz"}}))
    done = checkout.snakemake()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "data.npz" in done.stderr
    assert not list(checkout.folder.rglob("owned"))
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(checkout.folder / "data.npz")["x"]
