"""How the figures of a config look: their width, their font, and whether they have titles.

As it comes, a figure is as wide as a paper's column, or as its panels need, and the same bytes on every machine.
"""

import math
import textwrap
from dataclasses import dataclass

from batchscope.errors import ConfigError

SHIPPED = "DejaVu Sans"  # with matplotlib
COLUMN_WIDTH = 3.5  # inches
OF_A_PANEL = 0.8  # of its width, what has room in it and above it
_JOURNAL_WIDTHS = {"single": 85, "double": 180}  # mm, which the columns of most journals have room for
_FONT_SIZE = 7  # points, for which heights are meant
_LETTER = 0.525  # of the font's size, the width of one
_STYLE = {
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.9",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.0,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 300,
    "pdf.fonttype": 42,  # text stays text, in TrueType, which journals ask for
    "svg.hashsalt": "batchscope",  # the same bytes every time
}
# Of all text but the titles above several panels -> its size as part of the font's.
_TEXT = {
    **dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), 1),
    **dict.fromkeys(("legend.fontsize", "xtick.labelsize", "ytick.labelsize"), 6.5 / 7),
    "figure.titlesize": 8 / 7,
}


@dataclass(frozen=True)
class Look:
    """The look that the key `figures` of a config asks for, under its names."""

    width: str | float = "auto"
    font: str = SHIPPED
    font_size: float = _FONT_SIZE
    titles: bool = True

    @property
    def style(self) -> dict:
        """What matplotlib's `rc_context` takes; symbols that the font has not are those of the one that ships."""
        fonts = {"font.family": list(dict.fromkeys([self.font, SHIPPED]))}
        if self.font != SHIPPED:  # for the powers of ten at logarithmic axes
            fonts |= {"mathtext.fontset": "custom", "mathtext.rm": self.font}
        return _STYLE | fonts | {key: self.font_size * part for key, part in _TEXT.items()}

    def inches(self, own: float = COLUMN_WIDTH) -> float:
        """The width of a figure, of which `own` is the one that it has if it may choose."""
        return own if self.width == "auto" else _JOURNAL_WIDTHS.get(self.width, self.width) / 25.4

    def size(self, height: float, own_width: float = COLUMN_WIDTH) -> tuple[float, float]:
        """Width and height of a figure in inches; the height that it has at the usual size of text grows with that."""
        return self.inches(own_width), height * self.font_size / _FONT_SIZE

    def columns(self, narrowest: float) -> int:
        """How many panels of so many inches at the usual size of text stand beside each other."""
        return max(1, int(self.inches() / (narrowest * self.font_size / _FONT_SIZE)))

    def title(self, text: str) -> str:
        """The title above several panels, in as many lines as it needs; empty where titles are not wanted."""
        return self.fill(text, self.inches(), "figure.titlesize") if self.titles else ""

    def title_of_one(self, text: str) -> str:
        """The same above the only panel of a figure."""
        return self.fill(text, OF_A_PANEL * self.inches()) if self.titles else ""

    def fill(self, text: str, inches: float, kind: str = "axes.titlesize") -> str:
        """A text in as many lines as a width needs, in the size of a `kind` of text."""
        letters = self.letters(inches, kind)
        return "\n".join(textwrap.fill(line, letters) for line in text.splitlines())

    def letters(self, inches: float, kind: str = "font.size") -> int:
        """About how many letters of a `kind` of text a width has room for."""
        return math.floor(72 * inches / (_LETTER * self.style[kind]) + 0.01)


USUAL = Look()


def check_font(family: str) -> None:
    """Refuse the font of a config where figures cannot have it.

    Raises:
        ConfigError: it is not installed, or not as TrueType, the one kind that PDF embeds as journals want it.
    """
    if family == SHIPPED:
        return
    from matplotlib import font_manager  # only here, as planning has no other need of it and it takes long

    try:
        path = font_manager.findfont(family, fallback_to_default=False)
    except ValueError:
        known = ", ".join((SHIPPED, "DejaVu Serif", "STIXGeneral"))
        remedy = f"install it, or take one that ships with matplotlib ({known})"
        raise ConfigError("figures.font", f"the font {family!r} is not installed on this machine; {remedy}") from None
    with open(path, "rb") as file:
        if file.read(4) == b"OTTO":
            raise ConfigError("figures.font", f"{path} is OpenType with PostScript outlines; take a TrueType font")
