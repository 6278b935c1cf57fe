"""A noisy quadratic model, trained or with its risk in closed form: a program for noisy_quadratic.yaml.

python studies/literature/noisy_quadratic.py --batch-size 64 --learning-rate 0.9 --momentum 0 --seed 0 --epochs 500
    --history history.csv

The loss is sum h_i theta_i^2 / 2 with h_i = 1 / i, and a batch of B rows has the gradient h theta + n, where n has the
covariance diag(h) / B: the noise has the shape of the curvature (Zhang et al. 2019). An epoch is 128 rows, or one
update where a batch has more: what is measured is the loss itself, and there are no rows to go through.

With `--risk` nothing is drawn but where a training begins, theta(0) ~ N(0, 1). Each direction i is by itself. At rate a
with momentum m an update is v' = m v - a (h theta + n), theta' = theta + v', so with p = 1 - a h, q = a^2 h / B and n
independent of what came before,

    E theta'^2   = p^2 E theta^2    + 2 p m E theta v        + m^2 E v^2 + q
    E theta' v'  = -a h p E theta^2 + m (p - a h) E theta v  + m^2 E v^2 + q
    E v'^2       = (a h)^2 E theta^2 - 2 a h m E theta v     + m^2 E v^2 + q

which is linear: k updates are the k-th power of a matrix. Without momentum that is, after t updates,
E theta^2 = p^(2 t) (theta(0)^2 - s) + s with s = q / (1 - p^2) = a / (B (2 - a h)): what is left of the beginning, and
the noise that no number of updates takes away.
"""

import argparse
from collections.abc import Iterator

import numpy as np

DIMENSIONS, ROWS_OF_AN_EPOCH = 1000, 128
CURVATURES = 1 / np.arange(1, DIMENSIONS + 1)


def updates_of_an_epoch(batch_size: int) -> int:
    return max(1, ROWS_OF_AN_EPOCH // batch_size)


def trained(
    batch_size: int, learning_rate: float, momentum: float, epochs: int, theta: np.ndarray, noises: np.random.Generator
) -> Iterator[float]:
    """The loss of one training that begins at a theta, after each epoch."""
    velocity = np.zeros(DIMENSIONS)
    spread = np.sqrt(CURVATURES / batch_size)
    for _ in range(epochs):
        for noise in noises.normal(size=(updates_of_an_epoch(batch_size), DIMENSIONS)) * spread:
            velocity = momentum * velocity - learning_rate * (CURVATURES * theta + noise)
            theta = theta + velocity
        yield CURVATURES @ theta**2 / 2


def risk(batch_size: int, learning_rate: float, momentum: float, epochs: int, theta: np.ndarray) -> Iterator[float]:
    """The mean of that over all trainings that begin at the same theta, after each epoch."""
    step = learning_rate * CURVATURES
    kept, noise, one, none = 1 - step, step**2 / CURVATURES / batch_size, np.ones(DIMENSIONS), np.zeros(DIMENSIONS)
    update = np.array(  # of E theta^2, E theta v, E v^2 and 1
        [
            [kept**2, 2 * kept * momentum, momentum**2 * one, noise],
            [-step * kept, momentum * (kept - step), momentum**2 * one, noise],
            [step**2, -2 * step * momentum, momentum**2 * one, noise],
            [none, none, none, one],
        ]
    )
    power = np.linalg.matrix_power(np.moveaxis(update, 2, 0), updates_of_an_epoch(batch_size))
    epoch = np.ascontiguousarray(np.moveaxis(power, 0, 2))  # (4, 4, directions), which is quicker to multiply with
    moments = np.array([theta**2, none, none, one])
    for _ in range(epochs):
        moments = (epoch * moments).sum(axis=1)
        yield CURVATURES @ moments[0] / 2


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    flags = {"--batch-size": int, "--learning-rate": float, "--momentum": float}
    for flag, kind in (flags | {"--seed": int, "--epochs": int, "--history": str}).items():
        parser.add_argument(flag, type=kind, required=True)
    parser.add_argument("--risk", action="store_true")
    asked = parser.parse_args()
    generator = np.random.default_rng(asked.seed)
    begin = generator.normal(size=DIMENSIONS)
    how = asked.batch_size, asked.learning_rate, asked.momentum, asked.epochs, begin
    with np.errstate(over="ignore", invalid="ignore"):  # too large a rate diverges
        losses = [*(risk(*how) if asked.risk else trained(*how, generator))]
    epochs = np.arange(1, asked.epochs + 1)
    history = np.column_stack([epochs, epochs * updates_of_an_epoch(asked.batch_size), losses])
    np.savetxt(
        asked.history, history, fmt=["%d", "%d", "%.17g"], delimiter=",", header="epoch,updates,test_loss", comments=""
    )
