"""The compiled engine for data that does not fit the device, which is fed with blocks of rows instead."""

from collections.abc import Iterable
from functools import partial

import numpy as np

from batchscope.hardware.backend import keras, tf
from batchscope.study.spans import Span
from batchscope.training.compiled import CompiledEngine, parts_of
from batchscope.training.program import compiled, evaluated_at_once

_BYTES_OF_A_BLOCK = 2**26  # of features, for all replicates of a stack; three blocks are in memory at a time


class StreamingEngine(CompiledEngine):
    """Trains as `CompiledEngine` does. tf.data gathers the next block on the host while one is worked on.

    A block has whole batches, as many as fit; of a batch that is divided into micro-batches it may have a part.
    """

    def _compile(self) -> None:
        self._evaluate = compiled(self._evaluate_block)
        self._train = {
            stage.batch_size: compiled(partial(self._train_block, stage.batch_size)) for stage in self._task.stages
        }
        self._differentiate_part = compiled(self._add_gradients)
        self._update = compiled(self._apply_gradients)
        self._of_single_rows = compiled(lambda x, y: self._sum_gradients((x, y), y.shape[-1]))
        self._sums = [tf.Variable(tf.zeros_like(weight)) for weight in self._weights()]
        # Each shape of a block once, which compiles for it. What this trains is reset before a training.
        train_rows, *others = (self._stack([rows] * self._width) for rows in self._task.split(None))
        sizes = {(span.batch_size, rows) for span in self._task.spans for rows in self._task.rows_of_parts(span)}
        for batch_size, rows in sorted(sizes):
            blocks = _every_shape(train_rows[..., :rows], self._rows_of_a_block(batch_size))
            self._train_batches(batch_size, blocks)
        self._evaluate_on([_every_shape(rows, self._rows_to_evaluate(rows)) for rows in others])
        self._evaluate_parts()

    def _evaluate_on(self, parts: list[np.ndarray]) -> None:
        self._evaluated = parts

    def _run(self, piece: list[Span], orders: dict[int, tuple[np.ndarray, ...]]) -> tuple[np.ndarray, np.ndarray]:
        sums, updates, batch_size = [], [], piece[0].batch_size
        for part, measured in parts_of(piece):
            rows = self._stack(orders[part.epoch])[..., part.first * batch_size : part.end * batch_size]
            trained = self._train_batches(batch_size, rows)
            if measured:
                evaluated = self._evaluate_parts()
                updates.append(int(self._optimizer.iterations.numpy()))
            else:
                evaluated = np.zeros((2 * len(self._evaluated), *self._lead))
            sums.append([*trained, *evaluated])
        return np.array(sums), np.array(updates)

    def _train_batches(self, batch_size: int, order: np.ndarray) -> np.ndarray:
        """Sums over training rows in their order, (2, *lead): loss, correct."""
        size = self._rows_of_a_block(min(batch_size, self._task.rows_at_once))
        if size >= batch_size:
            blocks = self._stream(order, self._rows_of_a_block(batch_size))
            return sum(np.array(self._train[batch_size](*block), np.float64) for block in blocks)
        sums = 0
        for start in range(0, order.shape[-1], batch_size):
            batch = order[..., start : start + batch_size]
            for block in self._stream(batch, size):
                sums += np.array(self._differentiate_part(tf.constant(batch.shape[-1]), *block), np.float64)
            self._update()
        return sums

    def _evaluate_parts(self) -> list[np.ndarray]:
        """Sums over the rows of each part that is not trained on: loss, correct; each (*lead)."""
        sums = []
        for rows in self._evaluated:
            blocks = self._stream(rows, self._rows_to_evaluate(rows))
            sums += [*sum(np.array(self._evaluate(*block), np.float64) for block in blocks)]
        return sums

    def _sum_over_rows(self, stacked: np.ndarray) -> list[np.ndarray]:
        blocks = self._stream(stacked, self._rows_of_a_block(1))
        of_blocks = ([total.numpy().astype(np.float64) for total in self._of_single_rows(*block)] for block in blocks)
        return [sum(totals) for totals in zip(*of_blocks)]

    def _features(self, rows: np.ndarray, size: int) -> Iterable[tf.Tensor]:
        return (x for x, _ in self._stream(rows, size))

    def _rows_to_evaluate(self, rows: np.ndarray) -> int:
        return self._rows_of_a_block(evaluated_at_once(self._task, rows.shape[-1]))

    def _rows_of_a_block(self, together: int) -> int:
        """How many rows to feed at once, of which so many are to stay together."""
        bytes_per_row = self._task.x[0].nbytes * self._width
        return max(1, _BYTES_OF_A_BLOCK // (bytes_per_row * together)) * together

    def _stream(self, rows: np.ndarray, size: int) -> Iterable[tuple[tf.Tensor, tf.Tensor]]:
        """Features and targets of rows (*lead, n), in blocks of (*lead, size, ...)."""
        x, y = self._task.x, self._task.y

        def gather():
            for start in range(0, rows.shape[-1], size):
                block = rows[..., start : start + size]
                yield x[block].astype(keras.config.floatx(), copy=False), y[block]

        signature = (
            tf.TensorSpec((*self._lead, None, *x.shape[1:]), keras.config.floatx()),
            tf.TensorSpec((*self._lead, None), y.dtype),
        )
        return tf.data.Dataset.from_generator(gather, output_signature=signature).prefetch(1)

    # From here on: the programs.

    def _batch(self, rows: tuple[tf.Tensor, tf.Tensor], start: tf.Tensor, size: int) -> list[tf.Tensor]:
        return [self._slice(values, start, size) for values in rows]

    def _train_block(self, batch_size: int, x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        count = y.shape[-1]
        return list(self._train_rows((x, y), count, min(batch_size, count)))

    def _evaluate_block(self, x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        return list(self._evaluate_rows((x, y), y.shape[-1]))

    def _add_gradients(self, batch_size: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        """The part that these rows have in the gradients of their batch; returns the sums over them: loss, correct."""
        count = y.shape[-1]
        loss, correct, *gradients = self._differentiate((x, y), 0, count)
        for total, gradient in zip(self._sums, gradients):
            total.assign_add(gradient * tf.cast(count / batch_size, gradient.dtype))
        return [loss, correct]

    def _apply_gradients(self) -> None:
        self._optimizer.apply(self._hold([total.value() for total in self._sums]), self._trainable)
        for total in self._sums:
            total.assign(tf.zeros_like(total))


def _every_shape(rows: np.ndarray, size: int) -> np.ndarray:
    """The first of some rows, whose blocks of this size have every shape that those of all rows have."""
    return rows[..., : size + rows.shape[-1] % size]
