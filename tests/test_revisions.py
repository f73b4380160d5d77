"""News, revisions and their effect."""

import numpy as np
import pandas as pd

from forecasting.observations import check_observations
from forecasting.revisions import COLUMNS, revision_report


def figures(**values: float) -> pd.DataFrame:
    rows = [("va", period.replace("_", "-").lstrip("m"), value) for period, value in values.items()]
    frame = pd.DataFrame(rows, columns=["indicator", "period", "value"])
    return check_observations(frame.assign(measure="ytd_yoy", unit="percent"))


def headlines(**medians: float) -> pd.DataFrame:
    return pd.DataFrame({"indicator": "va", "period": [name.replace("_", "-").lstrip("m") for name in medians],
                         "q50": list(medians.values())})  # fmt: skip


MONTHS = pd.DataFrame({"indicator": ["va"], "month": ["2025-04"], "target": ["yoy"], "months": [1], "q50": [5.0]})


def test_news_is_measured_against_the_forecast_and_revisions_against_the_first_print():
    before = figures(m2025_02=5.9, m2025_03=6.5)
    now = figures(m2024_12=5.8, m2025_02=5.9, m2025_03=6.4, m2025_04=6.0)
    tables = {"headlines": headlines(m2025_04=6.3, m2025_12=6.0), "forecasts": MONTHS}
    report = revision_report(before, now, headlines(m2025_05=5.9, m2025_12=5.5), tables).set_index("period")
    assert report["kind"].to_dict() == {"2024-12": "backfill", "2025-03": "revision", "2025-04": "news"}
    assert report.loc["2025-03", ["value_before", "value"]].tolist() == [6.5, 6.4]
    np.testing.assert_allclose(report.loc["2025-03", "change"], -0.1)
    np.testing.assert_allclose(report.loc["2025-04", ["expected", "surprise"]].astype(float), [6.3, -0.3])
    assert set(report["outlook_period"]) == {"2025-12"}
    np.testing.assert_allclose(report["effect"], -0.5)


def test_a_level_that_was_known_in_another_unit_is_a_revision_by_no_amount():
    level = pd.DataFrame([("va", "2025-02", "month_level", 580.0)], columns=["indicator", "period", "measure", "value"])
    before = check_observations(level.assign(unit="kt"))
    now = check_observations(level.assign(unit="t", value=580_000.0))
    (row,) = revision_report(before, now, headlines(m2025_12=6.0), {}).to_dict("records")
    assert (row["kind"], row["value"]) == ("revision", 580_000.0)
    assert np.isnan([row["value_before"], row["change"]]).all()


def test_without_an_earlier_forecast_there_is_nothing_expected():
    report = revision_report(figures(m2025_02=5.9), figures(m2025_02=5.9, m2025_03=6.5), headlines(m2025_12=6.0), {})
    assert list(report.columns) == COLUMNS
    assert report["kind"].tolist() == ["news"]
    assert report[["expected", "surprise", "outlook_before", "effect"]].isna().all(axis=None)
    assert report["outlook"].tolist() == [6.0]


def test_nothing_new_is_an_empty_table():
    same = figures(m2025_02=5.9)
    assert revision_report(same, same, headlines(m2025_12=6.0), {}).empty
