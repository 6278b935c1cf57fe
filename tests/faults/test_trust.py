"""The config and the data are data: nothing in them is run, and nothing is written outside of results/."""

from pathlib import Path

import numpy as np
import pytest

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


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("    epochs: 12", "    title: <script>touch()</script>\n    epochs: 12", "studies.small.title"),
        ("    epochs: 12", "    title: $(touch owned)\n    epochs: 12", "studies.small.title"),
        ("epochs: 12", '!!python/object/apply:os.system ["touch owned"]: 12', "config.yaml, line 11: this is no YAML"),
        ("epochs: 12", 'epochs: !!python/object/apply:os.system ["touch owned"]', "config.yaml, line 11"),
        ("  small:", "  ../../owned:", "studies: '../../owned' does not fit"),
        ("  small:", "  /owned:", "studies: '/owned' does not fit"),
        ("      whole:", "      ../../owned:", "studies.small.learning_curves: '../../owned'"),
        ("      C1:", "      ../../owned:", "studies.small.claims: '../../owned'"),
        ("optimizer:", "optimizer_file: owned.py\n    optimizer:", "studies.small: unknown key 'optimizer_file'"),
        ("activation: relu", "activation: __import__('os').system('touch owned')", "studies.small.model[0].Dense"),
        ("make_blobs:", "os.system:", "studies.small.dataset"),
        ("Dense:", "os.system:", "studies.small.model[0]"),
        ("Dense:", "Lambda:", "studies.small.model[0]"),
    ],
)
def test_what_would_run_or_lead_elsewhere_is_refused(make_checkout, old, new, line):
    checkout = make_checkout()
    text = checkout.read("config.yaml")
    assert old in text
    checkout.configure(text.replace(old, new))
    done = checkout.snakemake()
    printed = [text for text in done.stderr.splitlines() if not text.startswith("Using workflow specific profile")]
    assert done.returncode == 1
    assert any(text.startswith(line) for text in printed), printed
    assert not list(checkout.folder.parent.rglob("owned*"))


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
