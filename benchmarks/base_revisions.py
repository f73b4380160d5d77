"""Base revisions injected into pseudo-published series: which cumulative rates and levels are not believed."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np
from pseudo_publication import BoolArray, FloatArray, industry, publish

from forecasting.decumulation._certificate import consistent

CASES = {
    "both rates": ("ytd_yoy", "month_yoy"),
    "cumulative rates and levels": ("ytd_yoy", "ytd_level"),
}
POINTS = (0.5, 1, 2, 5)
ENOUGH = 0.9
CLEAN = 0.01
MONTHS = ((1, "January-February"), (2, "March"), (5, "June"), (8, "September"), (11, "December"))


@dataclass
class Score:
    """Hits, false alarms and misses, by month and by year."""

    months: list[int] = field(default_factory=lambda: [0, 0, 0])
    years: list[int] = field(default_factory=lambda: [0, 0, 0])
    seen: int = 0

    def add(self, found: BoolArray, truth: BoolArray) -> None:
        """Count one series, (Y, 12) both."""
        self.seen += 11 * len(truth)
        for counts, (a, b) in ((self.months, (found, truth)), (self.years, (found.any(axis=1), truth.any(axis=1)))):
            for k, cells in enumerate((a & b, a & ~b, ~a & b)):
                counts[k] += int(cells.sum())

    @property
    def worst(self) -> float:
        """The least of precision and recall by month and by year."""
        return min(hit / (hit + other) for hit, *others in (self.months, self.years) for other in others)

    def __str__(self) -> str:
        return ", ".join(
            f"by {name} precision {hit / (hit + false):.3f} recall {hit / (hit + missed):.3f}"
            for name, (hit, false, missed) in (("month", self.months), ("year", self.years))
        )


def main() -> None:
    """Revise one year of every series: all of its base from some month on, then the base of one month."""
    series = industry()
    rng = np.random.default_rng(0)
    failed = False
    for title, measures in CASES.items():
        clean = Score()
        for name, level in series.items():
            nothing = np.zeros((len(level) - 1, 12), dtype=bool)
            clean.add(refused(name, level, measures, np.zeros(nothing.shape)), nothing)
        alarms = clean.months[1] / clean.seen
        print(f"{title}, clean: {100 * alarms:.3f} % of months (at most {100 * CLEAN:.0f} %)", flush=True)
        failed |= alarms > CLEAN
        for points in POINTS:
            score = Score()
            for name, level in series.items():
                first = 1 if "ytd_level" in measures else 0  # a level needs one of the year before to differ from
                year, month = rng.integers(first, len(level) - 1), rng.integers(1, 12)
                shift = np.zeros((len(level) - 1, 12))
                shift[year, month:] = rng.choice([-1, 1]) * points / 100
                score.add(refused(name, level, measures, shift), shift != 0)
            print(f"{title}, revised by {points} points from a month on: {score}", flush=True)
            failed |= points >= 1 and score.worst < ENOUGH

    print("\nbase of a single month revised, share of series in which any figure of that year is not believed")
    print("| | " + " | ".join(name for _, name in MONTHS) + " |")
    print("|---" * (len(MONTHS) + 1) + "|")
    for title, measures in CASES.items():
        for points in (2, 5, 20):
            row = [f"{detected(series, measures, month, points, rng):.2f}" for month, _ in MONTHS]
            print(f"| {title}, {points} points | " + " | ".join(row) + " |")
    if failed:
        sys.exit("FAILED")


def refused(name: str, level: FloatArray, measures: tuple[str, ...], shift: FloatArray) -> BoolArray:
    """(Y, 12) months of which a figure is not believed."""
    found = np.zeros(shift.shape, dtype=bool)
    for figure in consistent(publish(name, level, measures, shift))[1]:
        found[figure.year, figure.month] = True
    return found


def detected(
    series: dict[str, FloatArray], measures: tuple[str, ...], month: int, points: float, rng: np.random.Generator
) -> float:
    """Share of every eighth series in which the revision of one month's base is noticed in its year."""
    hits = []
    for name, level in list(series.items())[::8]:
        year = rng.integers(1, len(level) - 1)
        base = level[year].copy()
        months = slice(0, 2) if month == 1 else slice(month, month + 1)
        base[months] *= np.exp(rng.choice([-1, 1]) * points / 100)
        shift = np.zeros((len(level) - 1, 12))
        shift[year] = np.log(base.cumsum() / level[year].cumsum())
        hits.append(refused(name, level, measures, shift)[year].any())
    return float(np.mean(hits))


if __name__ == "__main__":
    main()
