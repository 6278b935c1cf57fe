"""What a training job has done so far, on disk: a job that is stopped and started again goes on from there."""

import logging
import shutil
import time
import zipfile
from pathlib import Path

import numpy as np

from batchscope.files import replacing
from batchscope.training.task import NOTHING, Trained

_log = logging.getLogger(__name__)
_SECONDS_BETWEEN = 5  # at least, between one checkpoint and the next
_SHARE = 0.05  # of the time, at most, goes into checkpoints
_PARTS = Trained._fields


class Checkpoint:
    """The stacks of one training job: those that are done, and the one that is under way.

    `folder` belongs to the job's output; `key` to everything that the training follows from. Checkpoints of another key
    are removed.
    """

    def __init__(self, folder: Path, key: str):
        self._folder = folder / key
        self._folder.mkdir(parents=True, exist_ok=True)
        for other in folder.iterdir():
            if other != self._folder:
                shutil.rmtree(other)
        self._saved = time.monotonic()
        self._took = 0.0

    def due(self) -> bool:
        """Whether so much was trained since the last time that keeping it is worth what it takes."""
        return time.monotonic() - self._saved >= max(_SECONDS_BETWEEN, self._took / _SHARE)

    def save(self, stack: tuple, trained: Trained, state: list[np.ndarray]) -> None:
        """Keep how far a stack is, and its weights and optimizer."""
        begin = time.monotonic()
        parts = {name: getattr(trained, name) for name in _PARTS}
        with replacing(self._path(stack)) as temporary:
            np.savez(temporary, **parts, **{f"state_{index}": value for index, value in enumerate(state)})
        self._saved = time.monotonic()
        self._took = self._saved - begin

    def load(self, stack: tuple) -> tuple[Trained, list[np.ndarray]]:
        """What was kept of a stack; `NOTHING` where nothing was."""
        path = self._path(stack)
        if not path.exists():
            return NOTHING, []
        try:
            with np.load(path) as kept:
                state = [kept[f"state_{index}"] for index in range(len(kept.files) - len(_PARTS))]
                trained = Trained(*(kept[name] for name in _PARTS))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            _log.warning("the checkpoint %s cannot be read and is left out: %s", path, error)
            return NOTHING, []
        _log.info("resumed from a checkpoint: %s", f"epoch {len(trained.updates)} of the stack {path.stem}")
        return trained, state

    def _path(self, stack: tuple) -> Path:
        return self._folder / f"{'_'.join(map(str, stack)).replace(' ', '_')}.npz"
