"""First passages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.observations import month_index
from forecasting.projection import MILESTONE_COLUMNS
from forecasting.projection._metrics import metric
from forecasting.projection._milestones import first_passage, milestone_table
from forecasting.projection._tables import month_end
from tests.projection.conftest import START, Simulated


def test_a_first_passage_is_the_first_month_and_infinite_if_there_is_none() -> None:
    values = np.array([[0.0, 5.0, np.nan], [2.0, 1.0, np.nan], [1.0, 9.0, 3.0]])
    assert first_passage(values, ">=", 2.0).tolist() == [1.0, 0.0, 2.0]
    assert first_passage(values, "<=", 0.5).tolist() == [0.0, np.inf, np.inf]


def test_probabilities_grow_with_time_and_with_easier_thresholds(assumptions, outcome: Simulated) -> None:
    table = pd.concat([
        milestone_table(key, outcome(assumptions, key), assumptions.questions.milestones, START)
        for key in ("baseline_mixture", "west_fast")
    ])  # fmt: skip
    assert tuple(table.columns) == MILESTONE_COLUMNS
    for _, rows in table.groupby(["milestone_id", "scenario", "threshold"]):
        assert (np.diff(rows.sort_values("date")["p_reached_by"]) >= 0).all()
        assert len(set(rows["p_not_by_horizon"])) == 1
        assert rows["p_reached_by"].max() <= 1 - rows["p_not_by_horizon"].iloc[0] + 1e-12
    for _, rows in table.groupby(["milestone_id", "scenario", "date"]):
        assert (np.diff(rows.sort_values("threshold")["p_reached_by"]) <= 0).all()


def test_a_quantile_beyond_the_horizon_is_left_empty(assumptions, outcome: Simulated) -> None:
    table = milestone_table("x", outcome(assumptions), assumptions.questions.milestones, START)
    censored = table[table["p_not_by_horizon"] > 0.5]
    assert len(censored)
    assert (censored["first_passage_q50"] == "").all()
    reached = table[(table["p_not_by_horizon"] < 0.05)]
    assert (reached["first_passage_q95"] != "").all()
    assert (reached["first_passage_q05"] <= reached["first_passage_q95"]).all()


def test_probabilities_and_dates_are_those_that_counting_the_draws_gives(assumptions, outcome: Simulated) -> None:
    simulated, start = outcome(assumptions), month_index(START)
    table = milestone_table("x", simulated, assumptions.questions.milestones, START)
    assert len(set(table["date"])) == 9
    for row in table.itertuples():
        values = metric(simulated, assumptions.questions.milestones[row.milestone_id].metric)
        passed = values >= row.threshold if row.op == ">=" else values <= row.threshold
        reached = np.maximum.accumulate(passed, axis=0).mean(axis=1)
        december = pd.Timestamp(row.date)
        assert (december.month, december.day) == (12, 31)
        assert row.p_reached_by == reached[december.year * 12 + 11 - start]
        assert row.p_not_by_horizon == 1 - reached[-1]
        for level, date in ((0.05, row.first_passage_q05), (0.5, row.first_passage_q50), (0.95, row.first_passage_q95)):
            known = np.flatnonzero(reached >= level)
            assert date == (month_end(start + int(known[0])) if len(known) else "")
