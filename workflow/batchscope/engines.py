"""Which engine trains: the fastest one that trains as `Model.fit` would."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from batchscope.backend import tf
from batchscope.compiled import CompiledEngine, sees_micro_batches, why_not_compiled, why_not_stacked
from batchscope.errors import reason
from batchscope.fit import FitEngine
from batchscope.streaming import StreamingEngine
from batchscope.task import Draw, Task

_log = logging.getLogger(__name__)
_SHARE_OF_DATA = 0.25  # of the memory; data that takes more of it stays on the host and is streamed
_CANNOT_COMPILE = (
    tf.errors.InvalidArgumentError,
    tf.errors.UnimplementedError,
    ValueError,
    TypeError,
    NotImplementedError,
)
Engine = CompiledEngine | FitEngine


def make_engines(
    task: Task, groups: dict[str, list[Draw]], engine: str, width: int, memory_mb: int
) -> tuple[dict[str, Engine], dict[str, str]]:
    """The engine of each group, and in words which it is and why.

    It is one for all, unless the rows of the study's own split can be held and those of all splits cannot.
    """
    if task.x[0].nbytes * sum(task.rows) <= _bytes_to_hold(memory_mb) < task.x.nbytes:
        own = replace(task, splits=None)
        made = {
            name: make_engine(own if all(draw.split is None for draw in draws) else task, engine, width, memory_mb)
            for name, draws in groups.items()
        }
    else:
        made = dict.fromkeys(groups, make_engine(task, engine, width, memory_mb))
    return {name: ready for name, (ready, _) in made.items()}, {name: words for name, (_, words) in made.items()}


def _bytes_to_hold(memory_mb: int) -> float:
    """How much the features may take that are not streamed."""
    return _SHARE_OF_DATA * memory_mb * 2**20


def make_engine(task: Task, engine: str, width: int, memory_mb: int) -> tuple[Engine, str]:
    """The fastest engine that is right for the task, and in words which it is and why.

    It streams the rows where they take much of the memory.
    """
    said = []

    def say(text: str) -> None:
        _log.info(text)
        said.append(text)

    return _choose_engine(task, engine, width, memory_mb, say), "; ".join(said)


def _choose_engine(task: Task, engine: str, width: int, memory_mb: int, say: Callable[[str], None]) -> Engine:
    if engine == "fit":
        say("training with Model.fit, as the config asks")
        return FitEngine(task)
    optimizer, model = task.build_optimizer(0.0), task.build_replicate(0)
    if why := why_not_compiled(optimizer, model):
        say(f"training with Model.fit: {why}")
        return FitEngine(task)
    compiled_engine = CompiledEngine
    if task.x.nbytes > _bytes_to_hold(memory_mb):
        say(f"the rows are streamed: {task.x.nbytes / 2**20:.0f} MB are much of the {memory_mb} MB of memory")
        compiled_engine = StreamingEngine
    ways: list[tuple[str, Callable[[], CompiledEngine]]] = [
        (f"{width} replicates at a time", lambda: compiled_engine(task, width, stacked=True)),
        ("one replicate at a time", lambda: compiled_engine(task, 1, stacked=False)),
    ]
    if why := why_not_stacked(optimizer, model):
        say(f"the replicates are not stacked: {why}")
        ways = ways[1:]
    for way, make in ways:
        begin = time.perf_counter()
        try:
            compiled = make()
        except _CANNOT_COMPILE as error:
            say(f"cannot be compiled to train {way}: {reason(error)}")
            continue
        say(f"compiled to train {way}")
        _log.info("compiling took %.1f s", time.perf_counter() - begin)
        if task.rows_at_once < max(stage.batch_size for stage in task.stages):
            say(f"the gradients of larger batches are added up from micro-batches of {task.rows_at_once} rows")
            if layers := sees_micro_batches(model):
                say(f"to these layers a micro-batch is the whole batch: {', '.join(layers)}")
        return compiled
    say("training with Model.fit, as nothing faster can train this model")
    return FitEngine(task)
