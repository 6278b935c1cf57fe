"""Which GPUs this machine shows, and one of them for this process. Knows nothing of TensorFlow."""

import getpass
import os
import tempfile
from pathlib import Path

import filelock
import pynvml

_claimed: list[filelock.BaseFileLock] = []


def visible_gpus() -> list[str]:
    """The GPUs that a program started here would see, by the names CUDA_VISIBLE_DEVICES takes."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        names = [name.strip() for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",")]
        return [name for name in names if name not in ("", "-1", "NoDevFiles")]
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no NVIDIA driver
        return []
    try:
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        return [pynvml.nvmlDeviceGetUUID(handle) for handle in handles]
    finally:
        pynvml.nvmlShutdown()


def claim_gpus(count: int) -> list[str]:
    """Take `count` GPUs for this process by setting CUDA_VISIBLE_DEVICES; returns their names.

    A GPU is taken by a lock on a file that all processes of one user on this machine share and that ends with the
    process, so two jobs running at once get different ones. Where more jobs run than there are GPUs, because the user
    said so, the GPUs are shared rather than waited for. With a count of 0, or without a GPU, the CPU is left.
    """
    gpus = visible_gpus()
    free = [gpu for gpu in gpus if len(_claimed) < count and _lock(gpu)]
    taken = (free + [gpu for gpu in gpus if gpu not in free])[:count]
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(taken) if taken else "-1"
    return taken


def _lock(gpu: str) -> bool:
    folder = Path(tempfile.gettempdir()) / f"batchscope-gpus-{getpass.getuser()}"
    folder.mkdir(exist_ok=True)
    lock = filelock.FileLock(folder / f"{gpu.replace('/', '_')}.lock")
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        return False
    _claimed.append(lock)
    return True
