"""When a threshold is first passed, as probability by date; draws that never pass it are censored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecasting.observations import month_index
from forecasting.projection._coupling import HORIZON
from forecasting.projection._growth import Array
from forecasting.projection._metrics import metric
from forecasting.projection._questions import Milestone
from forecasting.projection._scenario import Outcome
from forecasting.projection._tables import month_end, years_of

__all__ = ["MILESTONE_COLUMNS", "first_passage", "milestone_table"]

MILESTONE_COLUMNS = ("milestone_id", "scenario", "threshold", "op", "date", "p_reached_by", "first_passage_q05",
                     "first_passage_q50", "first_passage_q95", "p_not_by_horizon")  # fmt: skip


def first_passage(values: Array, op: str, threshold: float) -> Array:
    """Month of the first passage by draw, ``(N,)``; infinite where the horizon ends before it.

    Args:
        values: Metric by month and draw, ``(HORIZON + 1, N)``; NaN passes nothing.
        op: ``>=`` or ``<=``.
        threshold: What is to be passed.
    """
    with np.errstate(invalid="ignore"):
        passed = values >= threshold if op == ">=" else values <= threshold
    return np.where(passed.any(axis=0), passed.argmax(axis=0), np.inf)


def milestone_table(key: str, outcome: Outcome, milestones: Mapping[str, Milestone], start: str) -> pd.DataFrame:
    """The probability of having passed each threshold by each year-end.

    A quantile of the first passage that lies beyond the horizon is left empty.
    """
    first = month_index(start)
    january, years = years_of(start)
    ends = [january + 12 * (i + 1) for i in range(len(years))]
    rows = []
    for name, item in milestones.items():
        values = metric(outcome, item.metric)
        for threshold in item.thresholds:
            passage = first_passage(values, item.op, threshold)
            censored = float(np.isinf(passage).mean())
            dates = [_date(first, passage, level) for level in (0.05, 0.50, 0.95)]
            for end in ends:
                by = float((passage <= end).mean())
                rows.append((name, key, threshold, item.op, month_end(first + end), by, *dates, censored))
    return pd.DataFrame(rows, columns=list(MILESTONE_COLUMNS))


def _date(first: int, passage: Array, level: float) -> str:
    """Quantile of a first passage as the end of its month; "" beyond the horizon of `HORIZON` months."""
    at = np.sort(passage)[int(np.ceil(level * len(passage))) - 1]
    return month_end(first + int(at)) if at <= HORIZON else ""
