from itertools import pairwise

import numpy as np
import pytest

from batchscope.report.style import batch_size_axis, constant_sizes, loss_axis, number_losses, plt
from tests.unit.tables import replicates


def axis_of(sizes: list[int], inches: float = 3.5):
    """The ticks of an axis of batch sizes, the numbers at them, and where on the figure each number is."""
    figure, axes = plt.subplots(figsize=(inches, 2), layout="constrained")
    axes.plot(sizes, np.zeros(len(sizes)))
    batch_size_axis(axes, sizes)
    figure.canvas.draw()
    labels = axes.get_xticklabels()
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    plt.close(figure)
    return axes.get_xticks(), [label.get_text() for label in labels], boxes


@pytest.mark.parametrize(
    ("sizes", "inches"),
    [([1, 4, 8, 16, 32, 64, 128, 256, 450, 500], 2.5), ([*range(1, 65)], 3.5), ([1000, 1001, 1_000_000], 2.5)],
)
def test_every_batch_size_has_a_tick_and_numbers_do_not_touch(sizes, inches):
    ticks, numbers, boxes = axis_of(sizes, inches)
    assert ticks.tolist() == sizes
    assert (numbers[0], numbers[-1]) == (str(sizes[0]), str(sizes[-1]))
    assert all(number in ("", str(size)) for number, size in zip(numbers, sizes))
    assert "" in numbers
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_all_numbers_are_there_where_they_have_room():
    assert axis_of([3, 12, 48])[1] == ["3", "12", "48"]
    assert axis_of([32])[1] == ["32"]
    assert axis_of([])[1] == []


def test_no_tick_says_that_the_average_of_a_schedule_was_trained():
    table = replicates({4: np.zeros(2), 20: np.zeros(2), 64: np.zeros(2)})
    table.loc[table["batch_size"] == 20, "schedule"] = "4x10_100x10"
    assert constant_sizes(table).tolist() == [4, 64]
    assert constant_sizes(table[table["batch_size"] == 20]).tolist() == [20]


@pytest.mark.parametrize(("low", "high"), [(0.3, 0.7), (0.04, 3), (5e-3, 60), (1e-9, 1e9)])
def test_losses_have_as_many_numbers_as_have_room(low, high):
    figure, axes = plt.subplots(figsize=(2, 1.8))
    loss_axis(axes)
    axes.set_ylim(low, high)
    number_losses(axes)
    figure.canvas.draw()
    labels = [label for label in axes.get_yticklabels() if low <= label.get_position()[1] <= high]
    boxes = [label.get_window_extent() for label in labels]
    plt.close(figure)
    assert len(labels) > 2
    assert all(below.y1 < above.y0 for below, above in pairwise(boxes))
