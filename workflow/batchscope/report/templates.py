"""The templates of the report, filled in, and its captions."""

from collections.abc import Callable
from pathlib import Path

import docutils.core
import jinja2

from batchscope.files import replacing
from batchscope.report.words import capitalized


def write(template: str | Path, path: str | Path, filters: dict[str, Callable] | None = None, **values) -> None:
    """Write what a template makes of values, which those of HTML escape, so that users write freely.

    In a template `caption` shows a caption that stands beside it, by its name.
    """
    template = Path(template)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=jinja2.select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"capitalized": capitalized} | (filters or {})
    environment.globals["caption"] = lambda name: caption(template.with_name(f"{name}.rst"))
    with replacing(path) as temporary:
        temporary.write_text(environment.get_template(template.name).render(**values))


def caption(path: Path) -> str:
    """A caption in HTML; it is written in reStructuredText, as Snakemake's report takes it."""
    settings = {"halt_level": 2, "_disable_config": True}
    return docutils.core.publish_parts(path.read_text(), writer="html5", settings_overrides=settings)["body"]
