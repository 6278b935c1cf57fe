"""What a training job has done so far, on disk: a job that is stopped and started again goes on from there.

A checkpoint begins with a digest of its content and of what it belongs to. One that does not agree with it is left out.
"""

import hashlib
import io
import logging
import shutil
import time
from pathlib import Path

import numpy as np

from batchscope.ending import told
from batchscope.files import replacing
from batchscope.training.task import NOTHING, Trained

_log = logging.getLogger(__name__)
_SECONDS_BETWEEN = 5  # at least, between one checkpoint and the next
_SHARE = 0.05  # of the time, at most, goes into checkpoints
_PARTS = Trained._fields


class Checkpoint:
    """The stacks of one training job: those that are done, and the one that is under way.

    `folder` belongs to the job's output; `key` to everything that the training follows from. Whatever else is in the
    folder is removed.
    """

    def __init__(self, folder: Path, key: str):
        self._folder = folder / key
        self._folder.mkdir(parents=True, exist_ok=True)
        for other in folder.iterdir():
            if other != self._folder:
                shutil.rmtree(other) if other.is_dir() else other.unlink()
        self._saved = time.monotonic()
        self._took = 0.0

    def due(self) -> bool:
        """Whether keeping what was trained since the last time is worth what it takes, or the job is told to end."""
        return told() or time.monotonic() - self._saved >= max(_SECONDS_BETWEEN, self._took / _SHARE)

    def save(self, stack: tuple, trained: Trained, state: list[np.ndarray]) -> None:
        """Keep how far a stack is, and its weights and optimizer.

        Where there is no room the training goes on without.
        """
        begin = time.monotonic()
        content = io.BytesIO()
        parts = {name: getattr(trained, name) for name in _PARTS}
        np.savez(content, **parts, **{f"state_{index}": value for index, value in enumerate(state)})
        path = self._path(stack)
        try:
            with replacing(path, recorded=False) as temporary:
                temporary.write_bytes(self._seal(path, content.getbuffer()) + content.getbuffer())
        except OSError as error:
            _log.warning("the checkpoint %s cannot be written, and the training goes on without: %s", path, error)
        self._saved = time.monotonic()
        self._took = self._saved - begin

    def load(self, stack: tuple) -> tuple[Trained, list[np.ndarray]]:
        """What was kept of a stack; `NOTHING` where nothing was."""
        path = self._path(stack)
        try:
            kept = path.read_bytes()
        except FileNotFoundError:
            return NOTHING, []
        except OSError as error:
            return self._leave_out(path, str(error))
        seal, content = kept[: hashlib.sha256().digest_size], memoryview(kept)[hashlib.sha256().digest_size :]
        if seal != self._seal(path, content):
            return self._leave_out(path, "it is not what was written there")
        with np.load(io.BytesIO(content)) as arrays:
            state = [arrays[f"state_{index}"] for index in range(len(arrays.files) - len(_PARTS))]
            trained = Trained(*(arrays[name] for name in _PARTS))
        epochs = trained.stretches[:, 0].sum()
        _log.info("resumed from a checkpoint: %s", f"epoch {epochs:.4g} of the stack {path.stem}")
        return trained, state

    def _seal(self, path: Path, content: memoryview) -> bytes:
        """The digest of a checkpoint's content, and of the key and the stack that it belongs to."""
        seal = hashlib.sha256(f"{self._folder.name}/{path.name}".encode())
        seal.update(content)
        return seal.digest()

    def _leave_out(self, path: Path, why: str) -> tuple[Trained, list[np.ndarray]]:
        _log.warning("the checkpoint %s is left out, and its stack trained again: %s", path, why)
        return NOTHING, []

    def _path(self, stack: tuple) -> Path:
        return self._folder / f"{'_'.join(map(str, stack)).replace(' ', '_')}.checkpoint"
