"""National value added: months recovered from the cumulative rates, against the published single-month rates."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from forecasting import decumulate
from forecasting.reference import load_observations

ALONE, AFTER_BOTH = 0.24, 0.29
BOTH_UNTIL = "2016-12"


def usual_formula(rates: pd.DataFrame, months: pd.Index) -> np.ndarray:
    """Growth of the months by the usual formula with equal weights, January and February two of them."""
    value = rates.set_index("period")["value"] / 100
    out = []
    for month in months:
        m = int(month[5:])
        now, before = value[month], value[f"{month[:5]}{m - 1:02d}"]
        out.append(100 * (now + (m - 1) * (now - before)))
    return np.array(out)


def compared(label: str, table: pd.DataFrame, published: pd.Series, rates: pd.DataFrame, limit: float) -> bool:
    """Print one comparison; whether it is within the limit."""
    months = decumulate(table, workers=1).monthly.set_index("month").loc[published.index]
    error = float(np.sqrt(np.mean((months["yoy"] - published) ** 2)))
    usual = float(np.sqrt(np.mean((usual_formula(rates, published.index) - published) ** 2)))
    inside = ((months["yoy_q05"] - 0.05 <= published) & (published <= months["yoy_q95"] + 0.05)).mean()
    print(f"{label}, {len(published)} months: RMSE {error:.3f} points (at most {limit}; usual formula {usual:.3f}); "
          f"{inside:.0%} inside the 90 % band, rounding of the published month allowed for")  # fmt: skip
    return error <= limit


def main() -> None:
    """Keep the single months back, once all of them, once those after 2016."""
    table = load_observations()
    table = table[table["indicator"] == "cn_industrial_va"]
    rates = table[table["measure"] == "ytd_yoy"]
    published = table[table["measure"] == "month_yoy"].set_index("period")["value"]["2013":"2019-12"]
    both = table[(table["measure"] == "ytd_yoy") | (table["period"] <= BOTH_UNTIL)]
    bare = rates.assign(value=[f"{value:g}" for value in rates["value"]]).drop(columns="decimals")
    kept = [
        compared("2013-2019, cumulative rates alone", rates, published, rates, ALONE),
        compared("the same, zeros dropped as by a spreadsheet", bare, published, rates, ALONE),
        compared("2017-2019, both rates to 2016", both, published["2017":], rates, AFTER_BOTH),
    ]
    if not all(kept):
        sys.exit("FAILED")


if __name__ == "__main__":
    main()
