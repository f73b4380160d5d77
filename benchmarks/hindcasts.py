"""The projection's methods on the past, as published in hindcast.csv, flattering or not."""

from __future__ import annotations

import sys

import numpy as np

from forecasting.observations import month_label
from forecasting.projection import GrowthPaths, load_assumptions, simulate
from forecasting.reference import load_calibration, load_claims

MUST_COVER = ("H1", "H3", "H4", "H5", "H6", "H8")


def main() -> None:
    """Print every case, and fail if one that must be covered is not or does not beat its naive forecasts."""
    paths = GrowthPaths(tuple(month_label(2026 * 12 + i) for i in range(24)), {})
    table = simulate(
        load_assumptions(), paths, load_calibration(), load_claims(), start="2025-12", draws=64, seed=20251230
    ).hindcast
    for row in table.itertuples():
        mark = "inside" if row.covered90 else "MISSED"
        print(
            f"{row.case} {row.origin} -> {row.target}: {row.realised:8.3f}  band {row.q05:8.3f} {row.q50:8.3f}"
            f" {row.q95:8.3f}  {mark}  PIT {row.pit:.2f}  CRPS {row.crps:.3f} (naive {row.crps_naive:.3f})"
            f"  {row.variable}"
        )
    print(f"inside the 90 % band: {int(table['covered90'].sum())} of {len(table)}")
    better = np.mean(table["crps"] < table["crps_naive"])
    print(f"CRPS below the best naive forecast: {round(better * len(table))} of {len(table)}")
    must = table[table["case"].isin(MUST_COVER)]
    if not must["covered90"].all() or not (must["crps"] < must["crps_naive"]).all():
        sys.exit("FAILED")


if __name__ == "__main__":
    main()
