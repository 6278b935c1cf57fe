"""The tutorial's eight trainings as a user would write them: `Model.fit`, one after the other. Prints their seconds."""

import time

import keras
from sklearn.datasets import make_blobs

EPOCHS = 200
BATCH_SIZES = (4, 8, 16, 32, 64, 128, 256, 450)


def make_data() -> tuple:
    """Training features and one-hot classes, and the test rows as Keras's validation_data."""
    x, y = make_blobs(n_samples=1000, centers=3, n_features=2, cluster_std=2, random_state=2)
    y = keras.utils.to_categorical(y)
    return x[:500], y[:500], (x[500:], y[500:])


def make_model() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(50, activation="relu", kernel_initializer="he_uniform"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)
    model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    return model


def main() -> None:
    x, y, test = make_data()
    for batch_size in BATCH_SIZES:
        begin = time.perf_counter()
        make_model().fit(x, y, batch_size, EPOCHS, validation_data=test, verbose=0)
        print(f"batch size {batch_size}: {time.perf_counter() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    main()
