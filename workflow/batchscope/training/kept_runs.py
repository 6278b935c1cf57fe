"""The runs of a program that are done, kept until all runs of a job are: one that is killed goes on with the others.

Imports nothing that is compiled for one version of Python, as it may run in an environment of the program's.
"""

import json
import shutil
from pathlib import Path

from batchscope.files import is_as_written, replacing
from batchscope.finished import before


class KeptRuns:
    """The histories of runs by the names of their files.

    `folder` belongs to the job; `key` to what every run follows from. What else is in the folder is removed, and
    `afresh` all.
    """

    def __init__(self, folder: Path, key: str, afresh: bool = False):
        if afresh:
            shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder / key
        self._folder.mkdir(parents=True, exist_ok=True)
        for other in folder.iterdir():
            if other != self._folder:
                shutil.rmtree(other)

    def fresh_folder(self, name: str) -> Path:
        """An empty folder for a run that begins; its path is absolute, as a program may work elsewhere."""
        folder = self._folder.absolute() / "at_work" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def keep(self, name: str, history: Path, seconds: float) -> None:
        """Keep the history of a run that is done, and the seconds that it took."""
        with replacing(self._folder / name) as temporary:
            shutil.copyfile(history, temporary)
        with replacing(self._seconds(name)) as temporary:
            temporary.write_text(json.dumps(round(seconds, 3)))

    def keep_earlier(self, outputs: list[Path], about: Path) -> None:
        """Keep what outputs were before this job, which makes them again, as when more replicates are asked for.

        Args:
            about: the output that tells of the others: the `key`, and the `seconds` by their names.
        """
        earlier = before(about)
        told = json.loads(earlier.read_text()) if earlier else {}
        if told.get("key") != self._folder.name:
            return
        for output in outputs:  # some may be older than what tells of them
            if output.name in told["seconds"] and not self.has(output.name) and (history := before(output)):
                self.keep(output.name, history, told["seconds"][output.name])

    def has(self, name: str) -> bool:
        """Whether a run is kept, as it was written."""
        return all(path.is_file() and is_as_written(path) for path in (self._folder / name, self._seconds(name)))

    def give(self, output: Path) -> float:
        """Write a run that is kept to its output; returns the seconds that it took."""
        with replacing(output) as temporary:
            shutil.copyfile(self._folder / output.name, temporary)
        return json.loads(self._seconds(output.name).read_text())

    def _seconds(self, name: str) -> Path:
        return self._folder / f"{name}.seconds"
