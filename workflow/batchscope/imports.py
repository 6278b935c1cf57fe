"""Which modules of this library a program is made of: what its results change with."""

from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path

from batchscope.files import digest

LIBRARY = Path(__file__).parent
CHECKOUT = LIBRARY.parents[1]


def library_modules(program: Path) -> list[Path]:
    """The files of the library that a program imports, directly or not."""
    return modules_in(LIBRARY.parent, program)


def modules_in(folder: Path, program: Path) -> list[Path]:
    """The modules of a folder that a program imports, directly or not.

    Raises:
        OSError, SyntaxError: one of them cannot be read.
    """
    finder = ModuleFinder(path=[str(folder)])
    finder.run_script(str(program))
    return sorted(
        Path(module.__file__) for name, module in finder.modules.items() if name != "__main__" and module.__file__
    )


@cache
def code_digest(program: Path) -> str:
    """Changes with a program and with every module of the library that it imports."""
    return digest([], [program, *library_modules(program)])
