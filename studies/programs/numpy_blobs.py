"""The tutorial's network in NumPy: a program that trains once and writes its history, for numpy_blobs.yaml.

python studies/programs/numpy_blobs.py --batch-size 32 --learning-rate 0.01 --seed 0 --epochs 50 --history history.csv
"""

import argparse

import numpy as np
from sklearn.datasets import make_blobs

UNITS, CLASSES, MOMENTUM = 50, 3, 0.9


def make_weights(generator: np.random.Generator) -> list[np.ndarray]:
    """Drawn as Keras does: He-uniform for the hidden layer, Glorot-uniform for the output layer, biases of 0."""
    hidden, output = np.sqrt(6 / 2), np.sqrt(6 / (UNITS + CLASSES))
    hidden = generator.uniform(-hidden, hidden, (2, UNITS))
    return [hidden, np.zeros(UNITS), generator.uniform(-output, output, (UNITS, CLASSES)), np.zeros(CLASSES)]


def predict(weights: list[np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the hidden units give, and the logarithms of the classes' probabilities."""
    hidden = np.maximum(x @ weights[0] + weights[1], 0)
    logits = hidden @ weights[2] + weights[3]
    logits -= logits.max(1, keepdims=True)
    return hidden, logits - np.log(np.exp(logits).sum(1, keepdims=True))


def gradients(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray, hidden: np.ndarray, log_p: np.ndarray) -> tuple:
    """Of the mean cross-entropy of a batch, by each of the weights."""
    errors = (np.exp(log_p) - y) / len(y)
    behind = errors @ weights[2].T * (hidden > 0)
    return x.T @ behind, behind.sum(0), hidden.T @ errors, errors.sum(0)


def loss_and_hits(log_p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The cross-entropy and the number of right answers, both summed over rows."""
    return np.array([-(log_p * y).sum(), (log_p.argmax(1) == y.argmax(1)).sum()])


def train(batch_size: int, learning_rate: float, seed: int, epochs: int) -> np.ndarray:
    """A row per epoch: its number, loss and accuracy of the training rows before each update, and of the test rows."""
    x, classes = make_blobs(n_samples=1000, centers=CLASSES, n_features=2, cluster_std=2, random_state=2)
    y = np.eye(CLASSES)[classes]
    x, y, x_test, y_test = x[:500], y[:500], x[500:], y[500:]
    generator = np.random.default_rng(seed)
    weights = make_weights(generator)
    velocities = [np.zeros_like(weight) for weight in weights]
    history = np.empty((epochs, 5))
    for epoch in range(epochs):
        order, trained = generator.permutation(len(y)), np.zeros(2)
        for begin in range(0, len(y), batch_size):
            rows = order[begin : begin + batch_size]
            outputs = predict(weights, x[rows])
            trained += loss_and_hits(outputs[1], y[rows])
            for weight, velocity, gradient in zip(weights, velocities, gradients(weights, x[rows], y[rows], *outputs)):
                velocity *= MOMENTUM
                velocity -= learning_rate * gradient
                weight += velocity
        tested = loss_and_hits(predict(weights, x_test)[1], y_test)
        history[epoch] = [epoch + 1, *trained / len(y), *tested / len(y_test)]
    return history


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    flags = {"--batch-size": int, "--learning-rate": float, "--seed": int, "--epochs": int, "--history": str}
    for flag, kind in flags.items():
        parser.add_argument(flag, type=kind, required=True)
    options = vars(parser.parse_args())
    file, header = options.pop("history"), "epoch,train_loss,train_accuracy,test_loss,test_accuracy"
    np.savetxt(file, train(**options), fmt=["%d"] + ["%.17g"] * 4, delimiter=",", header=header, comments="")
