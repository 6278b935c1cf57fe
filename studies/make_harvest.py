"""Write harvest.csv, an invented table as tables are: categories, text, missing values, several rows of one field.

python studies/make_harvest.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

FIELDS, YEARS = 150, 6
SOILS = {"clay": 0.2, "loam": 0.8, "sand": -0.8}
CROPS = {"barley": 0.0, "oats": 0.3, "rye": -0.2, "wheat": 0.5}


def make_harvest() -> pd.DataFrame:
    """A row per field and year; what a field yields depends on its soil, on the weather, and on what was done."""
    generator = np.random.default_rng(0)
    rows = FIELDS * YEARS
    soil = np.repeat(generator.choice(list(SOILS), FIELDS), YEARS)
    crop = generator.choice(list(CROPS), rows)
    irrigated = generator.random(rows) < 0.4
    rain = np.tile(generator.normal(600, 120, YEARS), FIELDS) + generator.normal(0, 60, rows)
    nitrogen = generator.gamma(4, 30, rows)
    yielded = (
        np.array([SOILS[name] for name in soil])
        + np.array([CROPS[name] for name in crop])
        - ((rain - 650) / 200) ** 2 * np.where(irrigated, 0.5, 1.5)
        + 1.5 * np.tanh((nitrogen - 90) / 60)
        + np.repeat(generator.normal(0, 0.4, FIELDS), YEARS)
        + generator.normal(0, 0.5, rows)
    )
    table = pd.DataFrame(
        {
            "field": np.repeat([f"field {index:03}" for index in range(FIELDS)], YEARS),
            "soil": soil,
            "crop": crop,
            "irrigated": np.where(irrigated, "yes", "no"),
            "rain_mm": rain.round(),
            "nitrogen_kg": nitrogen.round(1),
            "harvest": pd.qcut(yielded, 3, labels=["poor", "fair", "good"]),
        }
    )
    for column, share in {"soil": 0.05, "rain_mm": 0.08, "nitrogen_kg": 0.1}.items():
        table.loc[generator.random(rows) < share, column] = None
    return table


if __name__ == "__main__":
    make_harvest().to_csv(Path(__file__).with_name("harvest.csv"), index=False)
