"""What the gradients of single rows are at moments of a training: a row per replicate, moment and layer."""

import numpy as np
import pandas as pd

ALL_LAYERS = ""


def gradients_table(
    history: pd.DataFrame, measured: np.ndarray, layers: list[str], rows: int, train_rows: int
) -> pd.DataFrame:
    """The history of one setting with the `layer` (empty: all together), how many `rows` were taken one by one, of how
    many `train_rows`, the mean of the squared norms of their gradients, `mean_square`, and the squared norm of their
    mean, `square_of_mean`.

    Args:
        history: a row per replicate and moment, as `batchscope.results.history.history_table` has it.
        measured: of each row of it the two for each weight, (rows, 2 * weights).
        layers: of each weight.
    """
    of_weights = measured.reshape(len(history), 2, len(layers))
    tables = []
    for layer in (ALL_LAYERS, *dict.fromkeys(layers)):
        here = [layer in (ALL_LAYERS, other) for other in layers]
        mean_square, square_of_mean = of_weights[..., here].sum(axis=-1).T
        tables.append(
            history.assign(
                layer=layer,
                rows=rows,
                train_rows=train_rows,
                mean_square=mean_square,
                square_of_mean=square_of_mean,
            )
        )
    return pd.concat(tables, ignore_index=True)
