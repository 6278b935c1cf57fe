"""How often the intervals and verdicts are right, on simulated studies of which the truth is known (`--help`)."""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from tests.unit import simulated_gradients, simulated_steps  # noqa: E402
from tests.unit.simulated import EASE, accuracy, ease_of, normal, samples, skewed, study, with_bad_ones  # noqa: E402

from batchscope.evidence import unpaired  # noqa: E402
from batchscope.evidence.crossed import LEVEL, adjusted_p_values, estimate_mean, not_worse_than  # noqa: E402
from batchscope.evidence.noise_scale import find_noise_scale  # noqa: E402
from batchscope.evidence.steps_to_result import tables  # noqa: E402

SETTINGS, MARGIN = 6, 0.03
# Octaves between two learning rates, spread of a replicate, updates between two measurements.
STEPS = ((1, 0.1, 2), (0.5, 0.1, 2), (0.25, 0.3, 2), (0.5, 0.1, 20))
NOISE = ((256, 128, 0.3), (256, 32, 0.3), (256, 8, 0.3), (1024, 512, 0.1))  # training rows, those taken, weights
SIZES = ((6, 6), (10, 10), (30, 30), (6, 20))
SAMPLES = [*((sizes, (1, 1)) for sizes in SIZES), ((6, 20), (3, 1)), ((6, 20), (1, 3))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies for each number of trainings")
    parser.add_argument("--trainings", type=int, nargs="*", default=[6, 10, 15, 30], help="trainings per setting")
    parser.add_argument("--steps", type=int, nargs="+", help="steps to a result, with so many replicates, alone")
    parser.add_argument("--noise", type=int, nargs="+", help="the gradient noise scale, with so many replicates, alone")
    arguments = parser.parse_args()
    if arguments.noise:
        _of_noise(arguments.studies, arguments.noise)
        return
    if arguments.steps:
        _of_steps(arguments.studies, arguments.steps)
        return
    _of_samples(arguments.studies)
    print()
    truth, far = accuracy(EASE), ease_of(accuracy(EASE) - MARGIN)
    print(
        "| trainings | an accuracy covered | a difference covered | over trainings alone | equivalent at the margin | "
        "any false better or worse | any that ties for the best left out | the one best left out |"
    )
    print("|" + " --- |" * 8, flush=True)
    for trainings in arguments.trainings:
        random = np.random.default_rng(trainings)
        seen = np.array([_outcomes(random, trainings, truth, far) for _ in range(arguments.studies)])
        print(
            f"| {trainings} | " + " | ".join(f"{100 * share:.1f} %" for share in seen.mean(axis=0)) + " |", flush=True
        )


def _of_samples(studies: int) -> None:
    """How often the difference of two settings whose trainings share nothing is covered."""
    print("| trainings | spread | normal | 7 % bad trainings | exponential |\n|" + " --- |" * 5, flush=True)
    for sizes, spreads in SAMPLES:
        covered = []
        for draw in (normal, with_bad_ones, skewed):
            random = np.random.default_rng(0)
            estimates = (unpaired.difference(*samples(random, draw, sizes, spreads), seed=0) for _ in range(studies))
            covered.append(np.mean([each.low <= 0 <= each.high for each in estimates]))
        shares = " | ".join(f"{100 * share:.1f} %" for share in covered)
        print(f"| {sizes[0]} and {sizes[1]} | {spreads[0]} and {spreads[1]} | {shares} |", flush=True)


def _of_noise(studies: int, replicates: list[int]) -> None:
    """How often the gradient noise scale of a linear regression is covered, from the gradients of some of its rows."""
    print("| replicates | N | n | noise scale | covered | lost in noise |\n|" + " --- |" * 6, flush=True)
    for train_rows, rows, size in NOISE:
        gradients = simulated_gradients.linear(train_rows, np.random.default_rng(0), features=10, size=size)
        trace, squared = simulated_gradients.of_rows(gradients)
        for count in replicates:
            random, covered, lost = np.random.default_rng(count), 0, 0
            for seed in range(studies):
                drawn = simulated_gradients.draw(gradients, rows, count, random)
                row = find_noise_scale(simulated_gradients.measured(drawn, train_rows), seed)[0].iloc[0]
                covered += row["low"] <= trace / squared <= row["high"]
                lost += bool(row["refused"])
            shares = f"{100 * covered / studies:.1f} % | {100 * lost / studies:.1f} %"
            print(f"| {count} | {train_rows} | {rows} | {trace / squared:.0f} | {shares} |", flush=True)


def _of_steps(studies: int, replicates: list[int]) -> None:
    """How often S_min and B_crit are covered, with the learning rate chosen anew in every sample, and chosen once."""
    print(
        "| replicates | octaves between rates | spread | updates between measurements | S_min, chosen anew | "
        "S_min of the rates tried | S_min, chosen once | B_crit, chosen anew | B_crit, chosen once | refused |"
    )
    print("|" + " --- |" * 10, flush=True)
    truth = (simulated_steps.S_MIN, simulated_steps.B_CRIT)
    for case in STEPS:
        for count in replicates:
            random, covered, refused = np.random.default_rng(0), [], 0
            for _ in range(studies):
                updates, of_rates = simulated_steps.study(random, count, *case)
                anew, once = (tables(updates, True, 0, anew=choice)[1] for choice in (True, False))
                if anew["estimate"].isna().any() or once["estimate"].isna().any():
                    refused += 1
                    continue
                intervals = [
                    (anew, 0, truth),
                    (anew, 0, of_rates),
                    (once, 0, truth),
                    (anew, 1, truth),
                    (once, 1, truth),
                ]
                covered.append([table["low"][row] <= what[row] <= table["high"][row] for table, row, what in intervals])
            shares = " | ".join(f"{100 * share:.1f} %" for share in np.mean(covered, axis=0))
            print(
                f"| {count} | {' | '.join(map(str, case))} | {shares} | {100 * refused / studies:.1f} % |", flush=True
            )


def _outcomes(random: np.random.Generator, trainings: int, truth: float, far: float) -> list[bool]:
    same = study(random, [EASE] * SETTINGS, trainings)
    own, difference = estimate_mean(same[0], 0), estimate_mean(same[0] - same[1], 0)
    alone = estimate_mean(same[0].mean(axis=1), 0)
    apart = study(random, [EASE, far], trainings)
    margin = estimate_mean(apart[0] - apart[1], 0)
    kept, _ = not_worse_than(int(np.argmin(-same.mean(axis=(1, 2)))), -same, 0)
    ladder = study(random, [EASE + 0.03 * step for step in range(SETTINGS)], trainings)
    on_ladder, _ = not_worse_than(int(np.argmin(-ladder.mean(axis=(1, 2)))), -ladder, 0)
    return [
        own.low <= truth <= own.high,
        difference.low <= 0 <= difference.high,
        alone.low <= truth <= alone.high,
        margin.low_90 > -MARGIN and margin.high_90 < MARGIN,
        bool(adjusted_p_values(same[1:] - same[0], 0).min() <= LEVEL),
        len(kept) < SETTINGS,
        SETTINGS - 1 not in on_ladder,
    ]


if __name__ == "__main__":
    main()
