"""Which modules of this library a program is made of: what its results change with."""

from modulefinder import ModuleFinder
from pathlib import Path

LIBRARY = Path(__file__).parent


def library_modules(program: Path) -> list[Path]:
    """The files of the library that a program imports, directly or not."""
    finder = ModuleFinder(path=[str(LIBRARY.parent)])
    finder.run_script(str(program))
    names = [name for name in finder.modules if name.split(".")[0] == LIBRARY.name]
    return sorted(Path(finder.modules[name].__file__) for name in names)
