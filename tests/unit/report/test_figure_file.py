"""What a figure says of where it comes from."""

import re
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from batchscope import __version__
from batchscope.report import figure_file
from batchscope.report.figure_file import digest_of_data, look_of, write_figure
from batchscope.report.look import Look
from batchscope.report.style import plt

TABLE = 'batch_size,seconds,test_accuracy,seconds_to_target\n4,{0},0.5,{0}\n8,{0},"a, b",{0}\n'


@pytest.fixture
def job(tmp_path, monkeypatch) -> SimpleNamespace:
    """What a script is given, in a folder where its data is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text(TABLE.format(1))
    output = [f"results/blobs/figures/batch_sizes.{suffix}" for suffix in ("svg", "pdf", "png")]
    params = SimpleNamespace(look='{"font": "DejaVu Serif", "font_size": 8, "titles": false, "width": 85}')
    return SimpleNamespace(rule="plot_it", input=["data.csv"], output=output, params=params)


def written(path: str) -> tuple[str, str, str]:
    """Title, creator and source as other programs find them."""
    if path.endswith("svg"):
        work = ElementTree.parse(path).find(".//{*}Work")
        creator = work.find("{*}creator/{*}Agent/{*}title")
        return work.find("{*}title").text, creator.text, work.find("{*}source").text
    if path.endswith("png"):
        return tuple(Image.open(path).info[name] for name in ("Title", "Software", "Source"))
    text = Path(path).read_bytes().decode("latin-1")
    return tuple(re.search(rf"/{name} \((.*?)\)", text)[1] for name in ("Title", "Creator", "Subject"))


def test_every_format_says_which_version_rule_and_data_it_comes_from(job, monkeypatch):
    monkeypatch.setattr(figure_file, "git_state", lambda _: {"commit": "abc123", "dirty": True})
    write_figure(plt.figure(layout="constrained"), job, of_seconds=True)
    digest = sha256(TABLE.format(1).encode()).hexdigest()
    for path in job.output:
        assert written(path) == (
            "blobs: batch sizes",
            f"Batchscope {__version__}, commit abc123-dirty",
            f"rule plot_it; data.csv sha256:{digest}",
        )


def test_a_copy_without_a_commit_says_its_version_alone(job, monkeypatch):
    monkeypatch.setattr(figure_file, "git_state", lambda _: None)
    write_figure(plt.figure(layout="constrained"), job)
    assert {written(path)[1] for path in job.output} == {f"Batchscope {__version__}"}


def test_the_layout_is_solved_once_for_all_formats(job):
    solved = []

    class Counted(ConstrainedLayoutEngine):
        def execute(self, figure):
            solved.append(figure)
            super().execute(figure)

    figure = plt.figure(layout=Counted())
    axes = figure.add_subplot(ylabel="a\nlabel\nof\nsix\nlong\nlines")
    write_figure(figure, job)
    assert len(solved) == 1
    assert axes.get_tightbbox().x0 > 0  # the label has room


def test_seconds_that_are_not_drawn_do_not_count(tmp_path):
    one, other, without = (tmp_path / f"{name}.csv" for name in ("one", "other", "without"))
    one.write_text(TABLE.format(1))
    other.write_text(TABLE.format(2))
    without.write_text('batch_size,test_accuracy\n4,0.5\n8,"a, b"\n')
    assert digest_of_data(one) == digest_of_data(other) == sha256(without.read_bytes()).hexdigest()
    other.write_text(TABLE.format(2).replace("0.5", "0.6"))
    assert digest_of_data(one) != digest_of_data(other)


def test_the_look_is_that_of_the_parameters(job):
    assert look_of(job) == Look(85, "DejaVu Serif", 8, titles=False)


def test_text_in_a_pdf_is_truetype(job):
    figure = plt.figure(layout="constrained")
    figure.text(0.5, 0.5, "some text", family="STIXGeneral")
    write_figure(figure, job)
    assert set(re.findall(r"/Subtype /(\w*Type\w+)", Path(job.output[1]).read_bytes().decode("latin-1"))) == {
        "CIDFontType2",
        "Type0",
    }
