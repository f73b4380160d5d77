"""National value added: months recovered from the cumulative rates alone, against the published single-month rates."""

from __future__ import annotations

import sys

import numpy as np

from forecasting import decumulate
from forecasting.reference import load_observations

LIMIT = 0.30


def main() -> None:
    """Give the cumulative rates, keep the months back, compare 2013 to 2019."""
    table = load_observations()
    table = table[table["indicator"] == "cn_industrial_va"]
    published = table[table["measure"] == "month_yoy"].set_index("period")["value"]
    published = published["2013":"2019-12"]
    months = decumulate(table[table["measure"] == "ytd_yoy"]).monthly.set_index("month").loc[published.index]
    rmse = float(np.sqrt(np.mean((months["yoy"] - published) ** 2)))
    inside = ((months["yoy_q05"] - 0.05 <= published) & (published <= months["yoy_q95"] + 0.05)).mean()
    print(f"national value added 2013-2019, {len(published)} months: RMSE {rmse:.3f} points (at most {LIMIT})")
    print(f"share inside the 90 % band, rounding of the published month allowed for: {inside:.2f}")
    if rmse > LIMIT:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()
