"""Which modules of this library a program is made of: what its results change with."""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from batchscope.files import digest

LIBRARY = Path(__file__).parent
CHECKOUT = LIBRARY.parents[1]


def library_modules(program: Path) -> list[Path]:
    """The files of the library that a program imports, directly or not."""
    return modules_in(LIBRARY.parent, program)


def modules_in(folder: Path, program: Path) -> list[Path]:
    """The modules of a folder that a program imports, directly or not, also from folders without an `__init__.py`.

    Their paths are absolute.

    Raises:
        OSError, SyntaxError: one of them cannot be read.
    """
    folder, program = folder.absolute(), program.absolute()
    found, ahead = set(), [program]
    while ahead:
        file = ahead.pop()
        new = _imported_files(folder, file, file.read_bytes()) - found - {program}
        found |= new
        ahead += new
    return sorted(found)


@cache  # each is asked for by many programs
def _imported_files(folder: Path, file: Path, content: bytes) -> set[Path]:
    """The modules of a folder that a file with this content imports itself."""
    return {module for parts in _imported(file, content) for module in _files(folder, parts)}


def _imported(file: Path, content: bytes) -> set[tuple[str, ...]]:
    """The parts of the names that a file imports, from the folder where its imports begin; of relative ones too."""
    names = set()
    for node in _statements(ast.parse(content, str(file))):
        if isinstance(node, ast.Import):
            names |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = (*[".."] * (node.level - 1), *(node.module or "").split("."))
            package = tuple(part for part in package if part)
            start = (file.parent.as_posix(),) * (node.level > 0)  # an absolute path replaces the folder
            names |= {(*start, *package, alias.name) for alias in node.names} | {(*start, *package)}
    return names


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a node but expressions, most of all there is, in which nothing is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from _statements(child)


@cache  # names share packages, and modules names
def _files(folder: Path, parts: tuple[str, ...]) -> frozenset[Path]:
    """The module of a name, and the `__init__.py` of the packages that it lies in."""
    if not parts:
        return frozenset()
    path = folder.joinpath(*parts)
    files = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return _files(folder, parts[:-1]) | {Path(os.path.normpath(file)) for file in files if file.is_file()}


@cache
def code_digest(program: Path) -> str:
    """Changes with a program and with every module of the library that it imports."""
    return digest([], [program, *library_modules(program)])
