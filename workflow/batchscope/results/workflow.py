"""The workflow that makes results: its version, its code, and its commit where it has one."""

import subprocess
from pathlib import Path

from batchscope import __version__
from batchscope.files import digest


def workflow_state(checkout: Path) -> dict:
    """The version of the workflow and a digest of its files, which a copy without git has too."""
    files = [path for path in (checkout / "workflow").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {"version": __version__, "sha256": digest([], [checkout / "Snakefile", *sorted(files)])}


def git_state(checkout: Path) -> dict | None:
    """The commit of a checkout and whether its code has changes; None without git or a repository of its own.

    What is not tracked, and the config, which stands in the provenance, are no changes.
    """

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=checkout, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != checkout.resolve():
            return None  # a copy inside another repository
        changes = git("status", "--porcelain", "--untracked-files=no", "--", "Snakefile", "workflow")
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(changes)}
    except (OSError, subprocess.CalledProcessError):
        return None
