import pytest

from batchscope.study.spans import Part, count_measurements, measured_after, spans

EVERY_EPOCH = {"epochs": 1}


def test_every_epoch_is_a_span_of_its_own_by_default():
    epochs = spans([(100, 2), (450, 1)], 500, EVERY_EPOCH)
    assert [span.parts for span in epochs] == [[Part(0, 0, 5)], [Part(1, 0, 5)], [Part(2, 0, 2)]]
    assert [span.epoch for span in epochs] == [1, 2, 3]
    assert all(isinstance(span.epoch, int) for span in epochs)
    assert [span.updates for span in epochs] == [5, 5, 2]


def test_a_span_goes_through_several_epochs_and_ends_within_one():
    first, second, last = spans([(100, 14 / 5)], 500, {"updates": 6})
    assert first.parts == [Part(0, 0, 5), Part(1, 0, 1)]
    assert second.parts == [Part(1, 1, 5), Part(2, 0, 2)]
    assert last.parts == [Part(2, 2, 4)]
    assert [first.epoch, second.epoch, last.epoch] == [1.2, 2.4, 2.8]


@pytest.mark.parametrize(
    ("stages", "every", "expected"),
    [
        ([(100, 2)], {"epochs": 0.5}, [[2, 5, 8, 10]]),  # 2.5 updates are 2, 7.5 are 8
        ([(500, 3)], {"epochs": 0.1}, [[1, 2, 3]]),  # no update is measured twice
        ([(500, 7)], {"updates": 3}, [[3, 6, 7]]),
        ([(500, 6)], {"updates": 3}, [[3, 6]]),
        ([(500, 3)], {"epochs": 10}, [[3]]),
        ([(1, 0.1)], EVERY_EPOCH, [[50]]),
        ([(100, 1), (250, 2)], {"updates": 3}, [[3, 5], [3, 4]]),  # each stage by itself, with its end
    ],
)
def test_what_is_measured(stages, every, expected):
    assert measured_after(stages, 500, every) == expected
    assert count_measurements(stages, 500, every) == sum(map(len, expected))


def test_measurements_are_counted_without_being_made():
    assert count_measurements([(4, 10**12)], 500, EVERY_EPOCH) == 10**12


@pytest.mark.parametrize("batch_size", [1, 3, 32, 450, 500])
@pytest.mark.parametrize("updates", [1, 7, 499, 1001])
@pytest.mark.parametrize("every", [{"updates": 1}, {"updates": 64}, {"epochs": 0.3}, {"epochs": 2.5}])
def test_spans_have_every_update_once_and_in_order(batch_size, updates, every):
    per_epoch = -(-500 // batch_size)
    made = [
        (part.epoch, update)
        for span in spans([(batch_size, updates / per_epoch)], 500, every)
        for part in span.parts
        for update in range(part.first, part.end)
    ]
    assert made == [divmod(update, per_epoch) for update in range(updates)]
    assert count_measurements([(batch_size, updates / per_epoch)], 500, every) == len(
        spans([(batch_size, updates / per_epoch)], 500, every)
    )
