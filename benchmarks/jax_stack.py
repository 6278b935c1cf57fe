"""The same trainings by hand in JAX: `vmap` over the replicates, `scan` over epochs and batches, all compiled."""

import time

import jax
import jax.numpy as jnp
import numpy as np

HIDDEN, RATE, MOMENTUM = 50, 0.01, 0.9


def time_trainings(dataset, epochs: int, batch_size: int, replicates: int) -> float:
    """Seconds to train `replicates` networks at once, compilation left out."""
    x, y, x_test, y_test = (jnp.asarray(array) for array in dataset[:4])
    rows = len(y)
    full, rest = divmod(rows, batch_size)

    def initialize(key):
        one, two = jax.random.split(key)
        bounds = np.sqrt(6 / x.shape[1]), np.sqrt(6 / (HIDDEN + dataset.classes))
        return (
            jax.random.uniform(one, (x.shape[1], HIDDEN), minval=-bounds[0], maxval=bounds[0]),
            jnp.zeros(HIDDEN),
            jax.random.uniform(two, (HIDDEN, dataset.classes), minval=-bounds[1], maxval=bounds[1]),
            jnp.zeros(dataset.classes),
        )

    def loss_and_correct(weights, x, y):
        logits = jax.nn.relu(x @ weights[0] + weights[1]) @ weights[2] + weights[3]
        loss = -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()
        return loss, (logits.argmax(axis=1) == y).sum()

    def update(state, batch):
        weights, velocity = state
        (loss, correct), gradient = jax.value_and_grad(loss_and_correct, has_aux=True)(weights, x[batch], y[batch])
        velocity = tuple(MOMENTUM * v - RATE * g for v, g in zip(velocity, gradient))
        weights = tuple(w + v for w, v in zip(weights, velocity))
        return (weights, velocity), (loss * len(batch), correct)

    def epoch(state, order):
        state, (loss, correct) = jax.lax.scan(update, state, order[: full * batch_size].reshape(full, batch_size))
        loss, correct = loss.sum(), correct.sum()
        if rest:
            state, (last_loss, last_correct) = update(state, order[full * batch_size :])
            loss, correct = loss + last_loss, correct + last_correct
        return state, jnp.stack([loss / rows, correct / rows, *loss_and_correct(state[0], x_test, y_test)])

    @jax.jit
    @jax.vmap
    def train(key, orders):
        weights = initialize(key)
        return jax.lax.scan(epoch, (weights, tuple(map(jnp.zeros_like, weights))), orders)[1]

    generator = np.random.default_rng(0)
    orders = np.array([[generator.permutation(rows) for _ in range(epochs)] for _ in range(replicates)])
    arguments = jax.random.split(jax.random.key(0), replicates), jnp.asarray(orders)
    train(*arguments).block_until_ready()
    begin = time.perf_counter()
    history = train(*arguments).block_until_ready()
    seconds = time.perf_counter() - begin
    assert np.isfinite(history).all()
    return seconds
