"""Golden values of the projection's formulas, to the digits at which they are known."""

from __future__ import annotations

import sys

import numpy as np

from forecasting.projection import (
    any_event,
    contribution,
    damped_trend,
    damped_trend_continuous,
    gompertz,
    log_rate,
    logistic,
    price_leak,
)

G0 = log_rate(63.6)


def main() -> None:
    """Print value and expectation of each, and fail on any difference."""
    stages = ((18, 36), (12, 24), (12, 24))
    known = contribution(24.6, 11.3, pull=0.283 * 11.3)
    values = [
        ("63.6 %, damped monthly to 5 %, half-life 18 months", np.exp(damped_trend(G0, 0.05, 18, 120)), "4.1766"),
        ("the same in continuous time", np.exp(damped_trend_continuous(G0, 0.05, 1.5, 10)), "4.2531"),
        ("logistic to 10", np.exp(logistic(G0, 10, 10)), "9.6347"),
        ("logistic to 40", np.exp(logistic(G0, 40, 10)), "31.993"),
        ("Gompertz to 10", np.exp(gompertz(G0, 10, 10)), "7.6224"),
        ("Gompertz to 40", np.exp(gompertz(G0, 40, 10)), "15.143"),
        ("naive", np.exp(10 * G0), "137.4"),
        ("24.6 %, damped to 3 %", np.exp(damped_trend(log_rate(24.6), 0.03, 18, 120)), "2.0121"),
        ("72.7 %, damped to 3 %", np.exp(damped_trend(log_rate(72.7), 0.03, 18, 120)), "3.9961"),
        ("at least one event in ten years", any_event(0.10, 0.20, 10), "0.7928"),
        ("base share of rare earths, %", 100 * known.base_share, "13.00"),
        ("pull, points", known.pull_points, "3.198"),
        ("three permit stages, mean months", sum(sum(stage) / 2 for stage in stages), "63"),
        ("their standard deviation", np.sqrt(sum((high - low) ** 2 / 12 for low, high in stages)), "7.14"),
        ("price leak of 2022", price_leak(60.6, 27.1, 98.0, 134.0), "0.75"),
    ]
    wrong = 0
    for name, value, expected in values:
        shown = f"{float(value):.{len(expected.partition('.')[2])}f}"
        wrong += shown != expected
        print(f"{name}: {shown} ({expected})")
    print(f"{len(values) - wrong} of {len(values)} to the digits given")
    if wrong:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()
