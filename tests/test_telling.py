from dataclasses import replace

import numpy as np
import pandas as pd

from forecasting import decumulate, forecast_panel
from forecasting.evaluation import no_forecast
from forecasting.telling import told
from tests.decumulation.publication import levels, publish


def test_chinese_names_stand_in_columns_and_long_ones_are_cut():
    rows = [["规模以上工业", "a"], ["steel", "b"], ["é" * 3, "c"], ["工" * 100, "d"], ["two\nlines", "e"]]
    head, *lines = told("series", rows).split("\n")
    assert head == "series"
    assert len(lines) == len(rows)
    assert lines[0] == "  规模以上工业" + " " * (59 - 12) + "  a"
    assert lines[1] == "  steel" + " " * (59 - 5) + "  b"
    assert lines[3] == "  " + "工" * 29 + "…  d"
    assert lines[4].startswith("  two lines ")


def test_of_thousands_the_first_are_told_and_none_is_none():
    assert told("many", [[str(k)] for k in range(5000)]).split("\n")[-2:] == ["  11", "  and 4988 more"]
    assert told("none", []) == "none"
    assert repr(no_forecast()) == "PanelForecast of 0 series, each by its champion"


def test_one_indicator_is_not_called_indicators():
    table = publish(levels(np.full((2, 12), 0.05), np.full(12, 100.0)))
    assert repr(decumulate(table, draws=20)).startswith("Decumulation of 1 indicator, 20 draws, seed 0\n")


def test_scores_that_there_are_not_are_not_told():
    months = pd.date_range("2020-01-01", periods=40, freq="MS")
    still = pd.DataFrame({"unique_id": "still", "ds": months, "y": 42.0})
    short = pd.DataFrame({"unique_id": "short", "ds": months[:8], "y": range(100, 108)})
    result = forecast_panel(pd.concat([still, short]), 2, preset="fast", seed=0, origins=3)
    assert repr(result).split("\n")[1:] == [
        "  short  last_year  not judged",
        "  still  median     100 % inside the 90 % band, 3 origins",
    ]
    nothing = replace(result, leaderboard=result.leaderboard.assign(coverage90=float("nan")))
    assert repr(nothing).endswith("  still  median     3 origins")
