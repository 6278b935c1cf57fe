"""Which CPU and GPUs this machine shows, and GPUs for this process. Knows nothing of TensorFlow."""

import getpass
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

import filelock
import pynvml

_claimed: list[filelock.BaseFileLock] = []


def visible_gpus() -> list[str]:
    """The GPUs that a program started here would see, by the names CUDA_VISIBLE_DEVICES takes."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        names = [name.strip() for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",")]
        return [name for name in names if name not in ("", "-1", "NoDevFiles")]
    return _ask_all_gpus(pynvml.nvmlDeviceGetUUID)


def gpu_names() -> list[str]:
    """The models of the GPUs of this machine."""
    return _ask_all_gpus(pynvml.nvmlDeviceGetName)


def _ask_all_gpus(question: Callable) -> list[str]:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no NVIDIA driver
        return []
    try:
        return [question(pynvml.nvmlDeviceGetHandleByIndex(index)) for index in range(pynvml.nvmlDeviceGetCount())]
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


def cpu_name() -> str:
    """The model of the CPU, or its architecture where the system does not tell."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(models), "") or platform.processor() or platform.machine()
