"""Which engine trains: the fastest one that trains as `Model.fit` would.

`batchscope.training.agreement` finds out, once for a study, which way that is. It is taken here, or the next slower.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from batchscope.errors import reason
from batchscope.hardware.backend import tf
from batchscope.training.compiled import CompiledEngine, sees_micro_batches, why_not_compiled, why_not_stacked
from batchscope.training.fit import FitEngine
from batchscope.training.streaming import StreamingEngine
from batchscope.training.task import Draw, Task

_log = logging.getLogger(__name__)
_SHARE_OF_DATA = 0.25  # of the memory; data that takes more of it stays on the host and is streamed
_NOTHING_FASTER = "nothing faster can train this model"
CANNOT_COMPILE = (
    tf.errors.InvalidArgumentError,
    tf.errors.UnimplementedError,
    ValueError,
    TypeError,
    NotImplementedError,
)
Engine = CompiledEngine | FitEngine
STACKED, ALONE, FIT, EAGERLY = WAYS = ("compiled", "compiled alone", "fit", "fit eagerly")  # from the fastest on


class Way(NamedTuple):
    """One of the `WAYS` to train in, and why none that is faster."""

    name: str
    why: str = ""


def make_engines(
    task: Task, groups: dict[str, list[Draw]], fastest: Way, width: int, memory_mb: int
) -> tuple[dict[str, Engine], dict[str, str]]:
    """The engine of each group, and in words which it is and why.

    It is one for all, unless the rows of the study's own split can be held and those of all splits cannot.
    """
    if task.x[0].nbytes * sum(task.rows) <= _bytes_to_hold(memory_mb) < task.x.nbytes:
        own = replace(task, splits=None)
        made = {
            name: make_engine(own if all(draw.split is None for draw in draws) else task, fastest, width, memory_mb)
            for name, draws in groups.items()
        }
    else:
        made = dict.fromkeys(groups, make_engine(task, fastest, width, memory_mb))
    return {name: ready for name, (ready, _) in made.items()}, {name: words for name, (_, words) in made.items()}


def _bytes_to_hold(memory_mb: int) -> float:
    """How much the features may take that are not streamed."""
    return _SHARE_OF_DATA * memory_mb * 2**20


def make_engine(task: Task, fastest: Way, width: int, memory_mb: int) -> tuple[Engine, str]:
    """The fastest engine that is right for the task, and in words which it is and why.

    It streams the rows where they take much of the memory.
    """
    said = []

    def say(text: str) -> None:
        _log.info(text)
        said.append(text)

    engine = _choose_engine(task, fastest, width, memory_mb, say)
    if alike := alike_at_the_start(task):
        say(f"all replicates start alike in {alike}: they, and the intervals, differ by what else is drawn alone")
    return engine, "; ".join(said)


def ways_from(task: Task, fastest: Way) -> list[Way]:
    """The ways that a task might be trained in, from the fastest that is right as far as optimizer and model show."""
    way = fastest
    if fastest.name in (STACKED, ALONE):
        optimizer, model = task.build_optimizer(0.0), task.build_replicate(0)
        if why := why_not_compiled(optimizer, model):
            way = Way(FIT, why)
        elif fastest.name == STACKED and (why := why_not_stacked(optimizer, model)):
            way = Way(ALONE, why)
    return [way, *map(Way, WAYS[WAYS.index(way.name) + 1 :])]


def alike_at_the_start(task: Task) -> str:
    """In which weights replicates 0 and 1 start alike, in words: constants, as most biases are, do not count."""
    weights = zip(*(task.build_replicate(replicate).trainable_variables for replicate in (0, 1)))
    values = {one.path: (one.numpy(), other.numpy()) for one, other in weights}
    drawn = {path: np.array_equal(one, other) for path, (one, other) in values.items() if len(np.unique(one)) > 1}
    if all(drawn.values()):
        return "all weights"
    alike = [path.partition("/")[2] for path, equal in drawn.items() if equal]  # without the name of the model
    return ", ".join(alike[:3]) + (f" and {len(alike) - 3} more" if len(alike) > 3 else "")


def _choose_engine(task: Task, fastest: Way, width: int, memory_mb: int, say: Callable[[str], None]) -> Engine:
    streamed = task.x.nbytes > _bytes_to_hold(memory_mb)
    make = StreamingEngine if streamed else CompiledEngine
    for way in ways_from(task, fastest):
        if way.name in (FIT, EAGERLY):
            say(f"training with Model.fit{', eagerly' if way.name == EAGERLY else ''}: {way.why or _NOTHING_FASTER}")
            return FitEngine(task, run_eagerly=way.name == EAGERLY)
        if way.name == ALONE and way.why:
            say(f"the replicates are not stacked: {way.why}")
        in_words = f"{width} replicates at a time" if way.name == STACKED else "one replicate at a time"
        begin = time.perf_counter()
        try:
            engine = make(task, width, stacked=way.name == STACKED)
        except CANNOT_COMPILE as error:
            say(f"cannot be compiled to train {in_words}: {reason(error)}")
            continue
        if streamed:
            say(f"the rows are streamed: {task.x.nbytes / 2**20:.0f} MB are much of the {memory_mb} MB of memory")
        say(f"compiled to train {in_words}")
        _log.info("compiling took %.2f s", time.perf_counter() - begin)
        if task.rows_at_once < max(stage.batch_size for stage in task.stages):
            say(f"the gradients of larger batches are added up from micro-batches of {task.rows_at_once} rows")
            if layers := sees_micro_batches(task.build_replicate(0)):
                say(f"to these layers a micro-batch is the whole batch: {', '.join(layers)}")
        return engine
