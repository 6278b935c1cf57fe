import pytest

from batchscope.evidence.noise_scale import LOST_IN_NOISE, TO_RESULT
from batchscope.report.noise_words import noise_in_words, read_noise
from tests.unit.noise_tables import noise, scaling, summary

WHOLE = {"": [40.0, 52.0]}


def test_the_noise_scale_is_said_with_what_is_behind_it():
    first, growth = noise_in_words(noise(WHOLE), summary())
    assert first == (
        "A batch above about 46 [34, 61] does not pay in steps, as twice the batch then saves less than a quarter of "
        "them: so large is the gradient noise scale, from gradients of 512 rows at 2 moments, of 15 trainings at batch "
        "size 32."
    )
    assert growth == (
        "Within the training the noise scale rises from the first half of the moments to the second: by a factor of "
        "3 [2, 4]."
    )


def test_moments_before_a_result_are_named():
    first, _ = noise_in_words(noise(WHOLE, over=TO_RESULT), summary())
    assert "at up to 2 moments before the result, of 15 trainings" in first


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (
            (0.56, 0.3, 1.1),
            "so the two agree within their intervals: the noise scale is 0.560 [0.300, 1.10] times that.",
        ),
        (
            (0.56, 0.4, 0.8),
            "so the two differ, undecided whether by more than a factor of 2: the noise scale is 0.560 [0.400, 0.800] "
            "times that.",
        ),
        (
            (0.3, 0.2, 0.4),
            "so the two do not agree within a factor of 2: the noise scale is 0.300 [0.200, 0.400] times that.",
        ),
        ((0.7, 0.6, 0.8), "so the two agree within a factor of 2: the noise scale is 0.700 [0.600, 0.800] times that."),
        ((3, 2.5, 4), "so the two do not agree within a factor of 2: the noise scale is 3 [2.50, 4] times that."),
    ],
)
def test_the_steps_of_the_study_agree_where_the_ratio_may_be_one(ratio, said):
    first, *_ = noise_in_words(noise(WHOLE), summary(of_critical=ratio), scaling())
    bend = "The study's own steps bend at 82 [50, 123], with a law that is 8 % off on average"
    assert first.endswith(f"{bend}, {said}")


def test_steps_that_do_not_bend_say_why():
    why = "it may lie above 64"
    first, *_ = noise_in_words(noise(WHOLE), summary(of_critical=why), scaling(why))
    assert first.endswith("The study's own steps do not say where they bend: it may lie above 64.")


@pytest.mark.parametrize(
    ("growth", "said"),
    [
        ((0.5, 0.3, 0.8), "Within the training the noise scale falls from"),
        ((1.2, 0.8, 1.7), "Whether the noise scale rises or falls within the training is undecided from"),
        ("there is one moment alone", "within the training is not determined: there is one moment alone."),
    ],
)
def test_the_noise_scale_may_fall_or_not_be_known_to_rise(growth, said):
    _, sentence = noise_in_words(noise(WHOLE), summary(growth=growth))
    assert said in sentence


def test_a_gradient_lost_in_noise_has_a_bound_and_a_remedy():
    lost = summary(scale=LOST_IN_NOISE, growth=LOST_IN_NOISE, of_critical=LOST_IN_NOISE)
    lost.loc[0, "low"] = 210.0
    first, _, moments = noise_in_words(noise({"": [40.0, -300.0]}), lost, scaling())
    assert first == (
        "How large a batch pays in steps the gradient noise scale does not say: the gradient is not distinguishable "
        "from 0, so it is at least 210; take gradients of more `rows`, train more replicates or measure at earlier "
        "moments. The study's own steps bend at 82 [50, 123], with a law that is 8 % off on "
        "average."
    )
    assert moments.startswith("At 1 of 2 moments, the first at epoch 10, the gradient is not distinguishable from 0")
    first, *_ = noise_in_words(noise({"": [40.0, -300.0]}, rows=1024), lost)
    assert "; train more replicates or measure at earlier moments." in first


def test_what_else_the_noise_scale_is_refused_for_is_said():
    few = "fewer than 6 replicates"
    first, *_ = noise_in_words(noise(WHOLE), summary(few, few, few))
    assert first == "How large a batch pays in steps the gradient noise scale does not say: fewer than 6 replicates."


def test_a_noise_scale_of_more_than_all_rows_lets_every_batch_pay():
    first, *_ = noise_in_words(noise(WHOLE), summary(scale=(3000, 2000, 4000)))
    assert first.startswith(
        "Every batch size pays in steps, up to all 1024 training rows: the gradient noise scale is 3"
    )


def test_the_layers_at_the_ends_are_named():
    *_, layers = noise_in_words(noise(WHOLE | {"dense": [20.0, 20.0], "dense_1": [80.0, 80.0]}), summary())
    assert layers == (
        "Of single layers the noise scale is smallest in dense, 20 [10, 40], and largest in dense_1, 80 [40, 160]."
    )


def test_the_same_is_said_of_the_files(tmp_path):
    tables = {"noise": noise(WHOLE), "summary": summary(), "scaling": scaling()}
    files = [tmp_path / f"{name}.csv" for name in tables]
    for table, file in zip(tables.values(), files):
        table.to_csv(file, index=False)
    assert read_noise(*files) == noise_in_words(*tables.values())
    assert read_noise(*files[:2]) == noise_in_words(tables["noise"], tables["summary"])
    assert read_noise() == []
