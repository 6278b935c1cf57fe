"""How a figure is written: in the format of its path, with where it comes from, and the same bytes every time."""

import csv
import hashlib
import io
import json
from itertools import compress
from pathlib import Path
from typing import NamedTuple

from matplotlib.backends import backend_pdf, backend_svg  # noqa: F401  # or each job would import them

from batchscope import __version__
from batchscope.files import replacing, sha256
from batchscope.imports import CHECKOUT
from batchscope.report.look import USUAL, Look
from batchscope.report.style import plt
from batchscope.results.workflow import git_state

# Format -> the names that it has for title, creator and source, and what is left out, as it would be another each time.
_NAMES = {
    ".svg": ("Title", "Creator", "Source", {"Date": None}),
    ".pdf": ("Title", "Creator", "Subject", {"CreationDate": None}),
    ".png": ("Title", "Software", "Source", {}),
}


class Origin(NamedTuple):
    """Where a figure comes from."""

    title: str
    creator: str  # version and commit of the workflow
    source: str  # the rule, and each file of data with its SHA-256

    def metadata(self, suffix: str) -> dict[str, str | None]:
        """What matplotlib writes into a file of a format."""
        *names, left_out = _NAMES[suffix]
        return dict(zip(names, self)) | left_out


def look_of(job) -> Look:
    """The look that a figure's job, `snakemake` in its script, asks for."""
    return Look(**json.loads(job.params.look))


def write_figure(figure: plt.Figure, job, of_seconds: bool = False) -> None:
    """Write a figure into all outputs of its job, `snakemake` in its script; `of_seconds` if it draws any."""
    first = Path(job.output[0])
    title = f"{first.parents[1].name}: {first.stem.replace('_', ' ')}"
    data = (f"{path} sha256:{sha256(path) if of_seconds else digest_of_data(path)}" for path in job.input)
    origin = Origin(title, _creator(CHECKOUT), "; ".join([f"rule {job.rule}", *data]))
    look = look_of(job)
    with plt.rc_context(look.style):
        figure.get_layout_engine().execute(figure)
    figure.set_layout_engine(None)  # or it would be solved again for each format
    for path in job.output:
        save_figure(figure, path, origin, look)


def save_figure(figure: plt.Figure, path: str | Path, origin: Origin, look: Look = USUAL) -> None:
    """Write a figure in the format that the path ends in, without a date: the same figure has the same bytes."""
    with replacing(path) as temporary, plt.rc_context(look.style | {"figure.constrained_layout.use": False}):
        figure.savefig(temporary, metadata=origin.metadata(Path(path).suffix))


def _creator(checkout: Path) -> str:
    """The version of the workflow, and its commit where it has one, `-dirty` with changes of its code."""
    git = git_state(checkout)
    return f"Batchscope {__version__}" + (f", commit {git['commit']}{'-dirty' * git['dirty']}" if git else "")


def digest_of_data(path: str | Path) -> str:
    """The SHA-256 of a file; of a table without its columns of seconds, which are others in each run."""
    if Path(path).suffix != ".csv":
        return sha256(path)
    written = io.StringIO()
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
        kept = ["seconds" not in column for column in header]
        csv.writer(written, lineterminator="\n").writerows(compress(row, kept) for row in [header, *rows])
    return hashlib.sha256(written.getvalue().encode()).hexdigest()
