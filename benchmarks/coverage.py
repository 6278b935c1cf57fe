"""How often the intervals and verdicts are right, on simulated studies of which the truth is known (`--help`)."""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from tests.unit.simulated import EASE, accuracy, ease_of, study  # noqa: E402

from batchscope.evidence.crossed import LEVEL, adjusted_p_values, estimate_mean, not_worse_than  # noqa: E402

SETTINGS, MARGIN = 6, 0.03


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies for each number of trainings")
    parser.add_argument("--trainings", type=int, nargs="+", default=[6, 10, 15, 30], help="trainings per setting")
    arguments = parser.parse_args()
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
