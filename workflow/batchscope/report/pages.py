"""The page of a study and the front of all studies: each a file that has its figures in it and needs no network."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from itertools import groupby
from mimetypes import guess_type
from operator import itemgetter
from pathlib import Path

from batchscope.report.findings import read_findings
from batchscope.report.methods import workflow_in_words
from batchscope.report.tables import read_table
from batchscope.report.templates import write

TABLES = ("claims", "comparisons", "summary", "dataset", "methods")


def read_study(folder: Path, study: dict) -> dict:
    """What the page of a study says and shows.

    Args:
        folder: its results.
        study: as `batchscope.report.findings.read_findings` takes it, with the names of the figure that comes `first`
            and of that of which setting is `best`, all figures with the names of their captions, and the format in
            which they are `shown`.
    """
    findings = read_findings(folder / "metrics", study)
    provenance = json.loads((folder / "provenance.json").read_text())
    files = sorted(map(Path, [*provenance["sha256"], "provenance.json"]), key=_in_order)
    figures = [
        _figure(folder, name, study["shown"], files) | {"caption": caption} for name, caption in study["figures"]
    ]
    at_the_top = {key: next(each for each in figures if each["name"] == study[key]) for key in ("first", "best")}
    further = [figure for figure in figures if figure not in at_the_top.values()]
    return findings | {
        **at_the_top,
        "figures": [(caption, [*alike]) for caption, alike in groupby(further, itemgetter("caption"))],
        "tables": {name: read_table(folder / f"tables/{name}.html") for name in TABLES},
        "provenance": provenance,
        "workflow": workflow_in_words(provenance["batchscope"], provenance["git"]),
        "folders": [(folder / parent, [*paths]) for parent, paths in groupby(files, lambda path: path.parent)],
    }


def _in_order(path: Path) -> tuple:
    """Folder by folder, and 8 before 16."""
    return path.parent, [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)]


def _figure(folder: Path, name: str, shown: str, files: list[Path]) -> dict:
    """A figure with its files; its content as an address, where browsers show the format."""
    path = folder / f"figures/{name}.{shown}"
    [media_type, _] = guess_type(path)
    content = b64encode(path.read_bytes()).decode()
    return {
        "name": name,
        "content": f"data:{media_type};base64,{content}" if media_type.startswith("image/") else None,
        "files": [file for file in files if file.with_suffix("") == Path("figures", name)],
    }


def write_study(study: dict, templates: Path, path: str | Path) -> None:
    """Write the page of a study into the folder of its results."""
    write(templates / "study.html.jinja", path, study=study, root="", papers=(), is_front=False)


def write_front(studies: dict[str, dict], templates: Path, path: str | Path, papers: Sequence[dict] = ()) -> None:
    """Write the front of all studies beside their folders: the whole page of one that is alone, which saves a click.

    Args:
        studies: folder -> what its page says and shows, as from `read_study`.
        papers: as from `batchscope.report.scorecard.read_scorecard`, whose verdicts are counted first.
    """
    if len(studies) > 1:
        write(templates / "front.html.jinja", path, studies=studies, papers=papers)
    else:
        [(folder, study)] = studies.items()
        write(templates / "study.html.jinja", path, study=study, root=f"{folder}/", papers=papers, is_front=True)
