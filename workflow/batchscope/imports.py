"""Which modules of this library a program is made of: what its results change with."""

from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path

from batchscope.files import digest

LIBRARY = Path(__file__).parent


def library_modules(program: Path) -> list[Path]:
    """The files of the library that a program imports, directly or not."""
    finder = ModuleFinder(path=[str(LIBRARY.parent)])
    finder.run_script(str(program))
    names = [name for name in finder.modules if name.split(".")[0] == LIBRARY.name]
    return sorted(Path(finder.modules[name].__file__) for name in names)


@cache
def code_digest(program: Path) -> str:
    """Changes with a program and with every module of the library that it imports."""
    return digest([], [program, *library_modules(program)])
