"""The page of a study and the front of all studies, as a parser of HTML reads them."""

import json
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.claims import judge
from batchscope.evidence.comparisons import compare
from batchscope.report.pages import TABLES, read_study, write_front, write_study
from batchscope.report.tables import write_page
from batchscope.study.config import SCHEMA
from batchscope.study.setting import Setting
from tests.unit.tables import populations, replicates

TEMPLATES = SCHEMA.parents[1] / "report"
STATEMENT = 'A <b>small</b> "batch" & {{ more }}'
FIGURES = {"batch_sizes": "batch_sizes", "which_is_best": "which_is_best", "answer_Q1": "measures", "pace": "pace"}
PAPERS = [
    {"cited": "A & B 2019", "in_words": "Of 3 claims 3 hold.", "studies": ["a"], "controls": 1, "failed": 1}
    | {"counts": {"holds": 3, "does not hold": 0, "undecided": 0, "not judged": 0}},
]
EMPTY = ("meta", "img", "br")


class Reader(HTMLParser):
    """The elements of a page, each with its attributes, its text, and the tags around it."""

    def __init__(self, path: Path):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(path.read_text())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", "in": [each["tag"] for each in self._open], **dict(attributes)}
        self.elements.append(element)
        if tag not in EMPTY:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self._open:
            element["text"] += data

    def all(self, *tags: str) -> list[dict]:
        return [element for element in self.elements if element["tag"] in tags]

    @property
    def text(self) -> str:
        [body] = self.all("body")
        return " ".join(body["text"].split())


def make_study(results: Path, shown: str = "svg", title: str = "A & B") -> dict:
    """The results of a study, made by hand, and what its page is told."""
    folder = results / title[0].lower()
    for name in ("metrics", "tables", "figures"):
        (folder / name).mkdir(parents=True)
    (folder / "metrics/recommendation.md").write_text("# What to take\n\n**Take batch size 4.**\n\nNothing else.\n")
    table = replicates({4: np.linspace(0.7, 0.71, 11), 500: np.linspace(0.8, 0.81, 11)})
    margins = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.1, "epochs_to_target": 1}
    claim = {"measure": "test_accuracy", "of": (4, 0.1, "constant")}
    claims = [
        claim | {"name": "C1", "statement": STATEMENT, "above": 0.1},
        claim | {"name": "C2", "statement": "It is low", "above": 0.9},
    ]
    summary = pd.DataFrame({"replicates": [11, 11], "diverged": 0, "replicates_on_new_splits": 0})
    tables = {
        "summary": summary.assign(diverged_on_new_splits=0),
        "comparisons": compare(populations(table), Setting(500, 0.1), margins, seed=0),
        "claims": judge(claims, populations(table), [], seed=0),
    }
    for name, metrics in tables.items():
        metrics.to_csv(folder / f"metrics/{name}.csv", index=False)
    for name in TABLES:
        heading = f"The {name}"
        write_page(summary, name, heading, TEMPLATES / "table.html.jinja", folder / f"tables/{name}.html")
    for name in FIGURES:
        for suffix in ("svg", "pdf"):
            (folder / f"figures/{name}.{suffix}").write_text("<svg/>")
    files = [
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.parent.name[0] != "."
    ]
    provenance = {
        "batchscope": {"version": "0.1.0", "sha256": "abc"},
        "git": {"commit": "def", "dirty": True},
        "files": {"own.csv": "123"},
        "trained_on": ["a CPU, TensorFlow"],
        "sha256": dict.fromkeys(files, "123"),
    }
    (folder / "provenance.json").write_text(json.dumps(provenance))
    return read_study(
        folder,
        {
            "name": "study",
            "title": title,
            "questions": [{"question": "Why?", "answer": "C2", "figure": "answer_Q1"}],
            "paired": True,
            "of_rows": True,
            "first": "batch_sizes",
            "best": "which_is_best",
            "figures": [*FIGURES.items()],
            "shown": shown,
        },
    )


@pytest.fixture
def pages(tmp_path) -> dict[str, Path]:
    """The page of a study, and the fronts of one study and of two."""
    one, other = make_study(tmp_path), make_study(tmp_path, title="C & D")
    paths = {"study": tmp_path / "a/index.html", "one": tmp_path / "one.html", "two": tmp_path / "two.html"}
    write_study(one, TEMPLATES, paths["study"])
    write_study(other, TEMPLATES, tmp_path / "c/index.html")
    write_front({"a": one}, TEMPLATES, paths["one"])
    write_front({"a": one, "c": other}, TEMPLATES, paths["two"])
    paths |= {"scored": tmp_path / "scored.html", "scored_alone": tmp_path / "scored_alone.html"}
    write_front({"a": one, "c": other}, TEMPLATES, paths["scored"], PAPERS)
    write_front({"a": one}, TEMPLATES, paths["scored_alone"], PAPERS)
    (tmp_path / "report.html").touch()
    (tmp_path / "scorecard.html").touch()
    for study in "ac":
        (tmp_path / study / "explorer.html").touch()
    return paths


@pytest.mark.parametrize("name", ["study", "one", "two", "scored", "scored_alone"])
def test_headings_follow_in_order_and_what_is_no_text_has_a_name(pages, name):
    page = Reader(pages[name])
    ranks = [int(heading["tag"][1]) for heading in page.all("h1", "h2", "h3", "h4")]
    assert ranks[0] == 1
    assert ranks.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks))
    assert all(heading["text"].strip() for heading in page.all("h1", "h2", "h3"))
    assert page.all("img")
    assert all(image["alt"] for image in page.all("img"))
    named = [link["text"].strip() or link.get("aria-label") for link in page.all("a")]
    if name in ("two", "scored"):  # a figure that is a link has the name of its image
        named = [text for text, link in zip(named, page.all("a")) if "figure" not in link["in"]]
    assert all(named)


def test_tables_have_a_caption_and_scopes_and_scroll_in_a_box(pages):
    page = Reader(pages["study"])
    assert [caption["text"] for caption in page.all("caption")] == [f"The {name}" for name in TABLES]
    assert len(page.all("table")) == len(TABLES)
    assert {head.get("scope") for head in page.all("th")} == {"col", "row"}
    boxes = [box for box in page.all("div") if box.get("class") == "box"]
    assert len(boxes) == len(TABLES)
    assert all(box["tabindex"] == "0" and box["role"] == "region" and box["aria-label"] for box in boxes)


@pytest.mark.parametrize("name", ["study", "one", "two", "scored", "scored_alone"])
def test_every_link_leads_to_a_file_beside_the_page_or_to_a_place_on_it(pages, name):
    page = Reader(pages[name])
    places = [element["id"] for element in page.elements if "id" in element]
    assert len(places) == len(set(places))
    for link in page.all("a"):
        target = link["href"]
        path = pages[name].parent / target.partition("#")[0]
        assert target[1:] in places if target.startswith("#") else path.is_file(), target


@pytest.mark.parametrize("name", ["study", "one", "two"])
def test_a_page_needs_neither_network_nor_program(pages, name):
    page = Reader(pages[name])
    assert page.all("script", "link", "iframe", "object") == []
    sources = [element["src"] for element in page.elements if "src" in element]
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    [style] = page.all("style")
    assert "url(" not in style["text"]
    assert "@import" not in style["text"]


def test_a_study_begins_with_its_figure_and_what_to_take(pages):
    page = Reader(pages["study"])
    begins = [element["tag"] for element in page.elements if element["tag"] in ("h1", "img", "h2")]
    assert begins[:3] == ["h1", "img", "h2"]
    text = page.text
    parts = (
        *("A & B 22 trainings at 2 settings; none diverged.", "A panel per batch size", "Take batch size 4."),
        *(
            "Which setting is best",
            "Nothing else.",
            f"Holds C1 {STATEMENT}",
            "Why?",
            "Does not hold C2 It is low",
            "Against batch size 500",
        ),
        *("A panel per measure", "Seconds of one training", "The claims", "The methods"),
        *("Batchscope 0.1.0, commit def with changes", "Trained on a CPU, TensorFlow.", "Made of own.csv"),
    )
    positions = [text.index(part) for part in parts]
    assert positions == sorted(positions)


def test_every_figure_is_there_once_with_all_its_files(pages):
    page = Reader(pages["study"])
    assert {figure["id"].removeprefix("figure-") for figure in page.all("figure")} == set(FIGURES)
    assert len(page.all("img")) == len(FIGURES)
    files = [link["href"] for link in page.all("a") if "figcaption" in link["in"]]
    assert sorted(files) == sorted(f"figures/{name}.{suffix}" for name in FIGURES for suffix in ("pdf", "svg"))
    [to_figure] = [link["href"] for link in page.all("a") if link["text"] == "Figure: answer Q1"]
    assert to_figure == "#figure-answer_Q1"


def test_a_format_that_browsers_do_not_show_is_linked(tmp_path):
    write_study(make_study(tmp_path, shown="pdf"), TEMPLATES, tmp_path / "a/index.html")
    page = Reader(tmp_path / "a/index.html")
    assert page.all("img") == []
    assert "Browsers do not show figures of this format: batch_sizes.pdf" in page.text


def test_the_front_of_one_study_is_its_page(pages):
    alone, front = Reader(pages["study"]), Reader(pages["one"])
    assert front.text.startswith(alone.text)
    assert front.text.removeprefix(alone.text).strip().startswith("Snakemake's report")


def test_the_front_of_several_has_a_figure_and_what_to_take_of_each(pages):
    front = Reader(pages["two"])
    assert [heading["text"] for heading in front.all("h2")] == ["A & B", "C & D"]
    assert len(front.all("img")) == 2
    assert front.text.count("Take batch size 4.") == 2
    links = {link["href"] for link in front.all("a")}
    assert links == {"report.html", *(f"{study}/{name}.html" for study in "ac" for name in ("index", "explorer"))}


def test_the_scorecard_comes_first_on_the_front(pages):
    front = Reader(pages["scored"])
    assert [heading["text"] for heading in front.all("h2")] == ["The papers' scorecard", "A & B", "C & D"]
    assert [cell["text"] for cell in front.all("td")] == ["3", "0", "0", "1 of 1", "a"]
    links = [link["href"] for link in front.all("a")]
    assert links[:3] == ["scorecard.html", "scorecard.html#paper-1", "a/index.html"]
    alone = Reader(pages["scored_alone"])
    assert alone.text.index("Scorecard of A & B 2019: Of 3 claims 3 hold.") < alone.text.index("What to take")


def test_a_count_of_what_is_not_judged_is_there_where_anything_is_not(pages, tmp_path):
    assert "not judged" not in Reader(pages["scored"]).text
    counts = {"holds": 0, "does not hold": 0, "undecided": 0, "not judged": 2}
    write_front(
        dict.fromkeys("ac", make_study(tmp_path / "more")),
        TEMPLATES,
        tmp_path / "more.html",
        [PAPERS[0] | {"counts": counts}],
    )
    heads = [head["text"] for head in Reader(tmp_path / "more.html").all("th")]
    assert "not judged" in heads


@pytest.mark.parametrize("name", ["study", "one", "two", "scored", "scored_alone"])
def test_the_first_figure_is_that_of_batch_sizes(pages, name):
    assert Reader(pages[name]).all("img")[0]["alt"] == "Batch sizes"
