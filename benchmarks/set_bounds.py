"""Set bounds of pseudo-published series: the truth is always inside; how wide they are and what they cost."""

from __future__ import annotations

import sys
import time

import numpy as np
from pseudo_publication import YEARS, FloatArray, industry, publish

from forecasting.decumulation._bounds import set_bounds

RATE, LEVEL, BOTH = ("ytd_yoy",), ("ytd_yoy", "ytd_level"), ("ytd_yoy", "month_yoy")
CASES = {
    "cumulative rates, base weights unknown": (RATE, False),
    "cumulative rates, base weights of the first year known": (RATE, True),
    "cumulative rates and levels": (LEVEL, False),
    "both rates": (BOTH, False),
}
LIMITS = {RATE: 0.015, LEVEL: 0.015, BOTH: 0.3}
"""Seconds for an indicator of 15 years."""

TIMED = 1000


def main() -> None:
    """Bound every series as each case publishes it; then time simulated ones of 15 years."""
    failed = False
    for title, (measures, known) in CASES.items():
        outside, bounded, width, months = 0, 0, [], 0
        for name, level in industry().items():
            low, high = set_bounds(publish(name, level, measures), shares=level[0] if known else None)
            truth = level[1:] / level[:-1] - 1
            truth[:, 1] = level[1:, :2].sum(axis=1) / level[:-1, :2].sum(axis=1) - 1
            outside += int(((truth < low) | (high < truth)).sum())
            both = np.isfinite(low) & np.isfinite(high)
            bounded, months = bounded + int(both.sum()), months + 11 * len(truth)
            width += list((high - low)[both])
        print(
            f"{title}: {months} periods, truth outside {outside}; bounded on both sides {bounded / months:.3f}, "
            f"median width {100 * np.median(width):.2f} points"
        )
        failed |= outside > 0
    for measures, limit in LIMITS.items():
        count = TIMED if measures != BOTH else TIMED // 20
        each = seconds(measures, count)
        print(
            f"{' and '.join(measures)}, {YEARS} years: {1000 * each:.1f} ms an indicator (at most {1000 * limit:.0f})"
        )
        failed |= each > limit
    if failed:
        sys.exit("FAILED")


def seconds(measures: tuple[str, ...], count: int) -> float:
    """CPU time of an indicator of 15 years."""
    figures = [publish(f"s{k}", simulated(k), measures) for k in range(min(count, 50))]
    start = time.process_time()
    for k in range(count):
        set_bounds(figures[k % len(figures)])
    return (time.process_time() - start) / count


def simulated(seed: int) -> FloatArray:
    """(16, 12) levels that grow by 6 percent a year, sd 5 points."""
    rng = np.random.default_rng(seed)
    profile = 1000 * np.exp(0.15 * rng.standard_normal(12))
    return np.asarray(profile * np.cumprod(1.06 + 0.05 * rng.standard_normal((YEARS + 1, 12)), axis=0))


if __name__ == "__main__":
    main()
