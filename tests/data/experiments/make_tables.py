"""Writes the six tables of this folder: plausible experiments that nobody made. Seeded; needs numpy and pandas.

python tests/data/experiments/make_tables.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20261124
HERE = Path(__file__).resolve().parent


def biochar(rng: np.random.Generator) -> pd.DataFrame:
    """36 plots: biochar raises yield and pH and lowers nitrate; compost raises yield a little."""
    rows = []
    for treatment, crop, acid, nitrate in (
        ("control", 3.1, 5.6, 42),
        ("biochar", 4.4, 6.5, 25),
        ("compost", 3.6, 5.7, 41),
    ):
        for block in range(12):
            rows.append(
                {
                    "plot": f"{treatment[:2].upper()}{block + 1:02}",
                    "treatment": treatment,
                    "tomato_yield (kg/m2)": round(rng.normal(crop, 0.4), 2),
                    "soil_pH": round(rng.normal(acid, 0.2), 1),
                    "nitrate_leached (mg/L)": round(rng.normal(nitrate, 5), 1),
                    "earthworms": int(rng.poisson(8)),
                }
            )
    return pd.DataFrame(rows)


def trial(rng: np.random.Generator) -> pd.DataFrame:
    """60 patients in two arms: the drug lowers systolic pressure and causes cough; weight has nothing to do with it."""
    rows = []
    for i in range(60):
        arm = "lisartan" if i % 2 else "placebo"
        before = rng.normal(152, 8)
        rows.append(
            {
                "patient": i + 1,
                "arm": arm,
                "sex": rng.choice(["F", "M"]),
                "age_years": int(rng.normal(61, 9)),
                "weight_kg": round(rng.normal(81, 12), 1),
                "sbp_baseline_mmHg": round(before),
                "sbp_week12_mmHg": round(before - (17 if arm == "lisartan" else 3) + rng.normal(0, 6)),
                "cough": "yes" if rng.random() < (0.45 if arm == "lisartan" else 0.07) else "no",
                "dropout": "yes" if rng.random() < 0.1 else "no",
            }
        )
    frame = pd.DataFrame(rows)
    frame.loc[[7, 22, 41], "weight_kg"] = np.nan
    return frame


def lake(rng: np.random.Generator) -> pd.DataFrame:
    """Two stations over twenty summers: water warms, algae grow, and one sees less and less deep."""
    rows = []
    for year in range(2001, 2021):
        for station in ("North", "South"):
            warm = 17 + 0.09 * (year - 2001) + rng.normal(0, 0.4)
            algae = 6 + 0.45 * (year - 2001) + rng.normal(0, 1.2) + (1.5 if station == "North" else 0)
            rows.append(
                {
                    "Year": year,
                    "Station": station,
                    "Surface temp (°C)": round(warm, 1),
                    "Chlorophyll a (µg/L)": round(algae, 1),
                    "Secchi depth (m)": round(5.2 - 0.15 * algae + rng.normal(0, 0.2), 2),
                    "Conductivity (µS/cm)": round(rng.normal(310, 12)),
                }
            )
    return pd.DataFrame(rows)


def fish(rng: np.random.Generator) -> pd.DataFrame:
    """54 fish of three species: pike are the largest and hold most mercury; length, mass and mercury go together."""
    rows = []
    for species, length in (("perch", 24), ("pike", 58), ("roach", 22)):
        for _ in range(18):
            long = rng.normal(length, length * 0.1)
            rows.append(
                {
                    "Species": species,
                    "Sex": rng.choice(["female", "male"]),
                    "Total length [cm]": round(long, 1),
                    "Body mass [g]": round(0.009 * long**3 * rng.normal(1, 0.08)),
                    "Hg [µg/kg]": round(60 + 7 * long * rng.normal(1, 0.12) + (0 if species != "roach" else -90)),
                    "Parasites": "present" if rng.random() < (0.8 if species == "perch" else 0.25) else "absent",
                }
            )
    return pd.DataFrame(rows)


def enzyme(rng: np.random.Generator) -> pd.DataFrame:
    """Three variants at four temperatures: the mutant R45K is faster and lasts shorter; activity rises with heat."""
    rows = []
    for variant, fast, half in (("wild type", 12.0, 95), ("R45K", 21.0, 40), ("D88N", 11.5, 96)):
        for temperature in (20, 30, 40, 50):
            for replicate in range(1, 5):
                rows.append(
                    {
                        "variant": variant,
                        "temperature_C": temperature,
                        "replicate": replicate,
                        "kcat_per_s": round(fast * (0.55 + 0.018 * (temperature - 20)) * rng.normal(1, 0.07), 2),
                        "Km_uM": round(rng.normal(130, 14), 1),
                        "half_life_min": round(rng.normal(half, 8), 1),
                    }
                )
    return pd.DataFrame(rows)


def sleep(rng: np.random.Generator) -> pd.DataFrame:
    """50 students: caffeine shortens sleep and lengthens the time to fall asleep; the dose goes with both."""
    rows = []
    for i in range(50):
        drink = "caffeine" if i < 25 else "decaf"
        dose = int(rng.choice([100, 200, 300])) if drink == "caffeine" else 0
        rows.append(
            {
                "id": f"S{i + 1:02}",
                "drink": drink,
                "gender": rng.choice(["woman", "man"]),
                "dose_mg": dose,
                "sleep_h": round(rng.normal(7.6 - 0.006 * dose, 0.45), 2),
                "latency_min": round(rng.normal(14 + 0.08 * dose, 5), 1),
                "reaction_time_ms": round(rng.normal(285, 25)),
                "smoker": "yes" if rng.random() < 0.2 else "no",
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    rng = np.random.default_rng(SEED)
    biochar(rng).to_csv(HERE / "biochar.csv", index=False)
    trial(rng).to_csv(HERE / "trial.csv", index=False)
    lake(rng).to_csv(HERE / "lake.tsv", index=False, sep="\t")
    fish(rng).to_csv(HERE / "fish.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    enzyme(rng).to_csv(HERE / "enzyme.csv", index=False)
    sleep(rng).to_csv(HERE / "sleep.csv", index=False)


if __name__ == "__main__":
    main()
