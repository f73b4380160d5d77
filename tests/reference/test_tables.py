"""The embedded tables: complete, named, and with the figures that are known from elsewhere."""

import numpy as np
import pandas as pd
import pytest

import forecasting.reference
from forecasting.catalog import load_catalog
from forecasting.observations import COLUMNS
from forecasting.reference import load_calibration, load_claims, load_observations


@pytest.fixture(scope="module")
def observations() -> pd.DataFrame:
    return load_observations()


@pytest.fixture(scope="module")
def calibration() -> pd.Series:
    return load_calibration().set_index(["series", "year"])["value"]


def figure(frame: pd.DataFrame, indicator: str, period: str, measure: str) -> pd.Series:
    return frame.set_index(["indicator", "period", "measure"]).loc[(indicator, period, measure)]


def test_the_public_face_is_complete_and_sorted():
    assert forecasting.reference.__all__ == sorted(forecasting.reference.__all__)
    assert all(hasattr(forecasting.reference, name) for name in forecasting.reference.__all__)


def test_the_tables_are_complete(observations: pd.DataFrame):
    assert len(observations) == 3718
    assert len(load_claims()) == 76
    assert len(load_calibration()) == 253
    assert load_calibration()["series"].nunique() == 125
    assert list(observations.columns) == list(COLUMNS)


def test_every_figure_names_its_publisher(observations: pd.DataFrame):
    assert (observations["source"] != "").all()
    assert (load_claims()["publisher"] != "").all()
    assert (load_calibration()[["publisher", "via", "unit"]] != "").all(axis=None)


def test_the_table_and_the_default_catalogue_have_the_same_indicators_and_families(
    observations: pd.DataFrame,
):
    family = observations.groupby("indicator")["family"].unique().map(list)
    assert family.to_dict() == {one.id: [one.family] for one in load_catalog()}


@pytest.mark.parametrize(
    ("indicator", "period", "measure", "value"),
    [
        ("baotou_rare_earth_va", "2025-11", "ytd_yoy", 24.6),
        ("baotou_industrial_va", "2025-11", "ytd_yoy", 11.3),
        ("baotou_nonferrous_mining_va", "2025-11", "ytd_yoy", 72.7),
        ("cn_industrial_va", "2020-02", "ytd_yoy", -13.5),
        ("cn_industrial_va", "2025-12", "ytd_yoy", 5.9),
        ("cn_retail_sales", "2025-12", "ytd_level", 501202.4),
        ("cn_fixed_asset_investment", "2011-03", "ytd_yoy", 25.0),
        ("cn_fixed_asset_investment", "2020-02", "ytd_yoy", -24.5),
        ("cn_fixed_asset_investment", "2025-11", "ytd_yoy", -2.6),
        ("cn_fai_manufacturing", "2014-09", "ytd_yoy", 13.8),
        ("cn_fai_manufacturing", "2018-10", "ytd_yoy", 9.1),
        ("cn_rare_earth_exports", "2025-12", "ytd_level", 62585.2),
    ],
)
def test_known_figures_are_there(observations, indicator, period, measure, value):
    assert figure(observations, indicator, period, measure)["value"] == value


@pytest.mark.parametrize(
    ("indicator", "first", "years"), [("cn_fixed_asset_investment", 2010, 16), ("cn_fai_manufacturing", 2013, 13)]
)
def test_rates_of_investment_are_there_for_every_month_but_january(observations, indicator, first, years):
    rows = observations[(observations["indicator"] == indicator) & (observations["measure"] == "ytd_yoy")]
    expected = [f"{year}-{month:02d}" for year in range(first, first + years) for month in range(2, 13)]
    assert rows["period"].tolist() == expected


def test_rates_of_investment_are_those_of_levels_on_one_base(observations):
    rows = observations[observations["indicator"] == "cn_fixed_asset_investment"]
    level, rate = (
        rows[rows["measure"] == measure].set_index("period")["value"] for measure in ("ytd_level", "ytd_yoy")
    )
    for year in (2013, 2015, 2016, 2022):
        months = [f"-{month:02d}" for month in range(2, 13)]
        growth = [100 * (level[f"{year}{month}"] / level[f"{year - 1}{month}"] - 1) for month in months]
        gap = np.abs(np.array(growth) - [rate[f"{year}{month}"] for month in months])
        assert np.median(gap) < 0.21


def test_decimals_are_those_of_the_publication(observations: pd.DataFrame):
    assert figure(observations, "baotou_manufacturing_va", "2025-11", "ytd_yoy")["decimals"] == 1
    assert figure(observations, "cn_fixed_asset_investment", "2025-12", "ytd_level")["decimals"] == 0
    assert figure(observations, "cn_magnet_exports", "2025-11", "month_level")["decimals"] == 0
    assert (observations[observations["unit"] == "percent"]["decimals"] == 1).all()
    whole = observations[observations["decimals"] == 0]
    assert (whole["value"] == whole["value"].round()).all()


def test_derived_figures_are_marked_and_add_up(observations: pd.DataFrame):
    derived = observations[observations["status"] == "E"]
    assert len(derived) == 3
    assert derived["note"].str.startswith("derived").all()
    exports = observations[observations["indicator"] == "cn_rare_earth_exports"]
    value = exports.set_index(["period", "measure"])["value"]
    rest = value["2025-11", "ytd_level"] - value["2025-09", "ytd_level"] - value["2025-11", "month_level"]
    assert value["2025-10", "month_level"] == pytest.approx(rest)


def test_the_report_on_baotou_has_its_date(observations: pd.DataFrame):
    dated = observations[observations["released_at"].notna()]
    assert set(dated["released_at"]) == {pd.Timestamp("2025-12-30", tz="UTC")}
    assert dated["indicator"].str.startswith("baotou_").all()
    assert set(dated["period"]) == {"2025-11"}
    assert len(dated) == 8


@pytest.mark.parametrize(
    ("series", "year", "value"),
    [
        ("cn_quota_mining", "2024", 270000),
        ("world_mine_production", "2024", 390000),
        ("price_nd_oxide", "2022", 134),
        ("cn_exports_magnets", "2024", 58152),
        ("cn_exports_magnets_yoy", "2025-01..07", -15),
        ("magnet_demand_nev", "2024", 43018),
        ("cn_official_ndpr_output", "2018", 20700),
        ("mine_production_us", "2016", 0),
    ],
)
def test_known_calibration_values_are_there(calibration: pd.Series, series: str, year: str, value: float):
    assert calibration[series, year] == value


def test_the_calibration_table_is_unique_and_finite(calibration: pd.Series):
    assert calibration.index.is_unique
    assert np.isfinite(calibration).all()
    assert not load_calibration()["unit"].str.contains("(", regex=False).any()


def test_claims_are_ranges_dates_or_open(observations: pd.DataFrame):
    claims = load_claims().set_index("id")
    assert (claims.loc["C19", "value_low"], claims.loc["C19", "value_high"]) == (15, 25)
    assert claims.loc["C45", "date"] == "2025-12-30"
    assert claims["value_low"].isna().equals(claims["date"] != "")
    assert set(claims.index[claims["value_high"].isna() & (claims["date"] == "")]) == {"C12", "C46"}
    assert (claims["value_low"].fillna(0) <= claims["value_high"].fillna(np.inf)).all()


def test_the_contribution_identity_follows_from_the_claims():
    claim = load_claims().set_index("id")["value_low"]
    share = claim["C03"] * claim["C02"] / claim["C01"]
    assert share == pytest.approx(13.0, abs=0.005)
    assert claim["D01"] <= share <= load_claims().set_index("id").loc["D01", "value_high"]
    assert claim["C03"] * claim["C02"] / 100 == pytest.approx(claim["D02"], abs=0.0005)


def test_the_table_agrees_with_the_calibration_values(observations: pd.DataFrame, calibration: pd.Series):
    rates = observations[observations["measure"] == "ytd_yoy"].set_index(["indicator", "period"])["value"]
    names = {"baotou_re_va_ytd": "baotou_rare_earth_va", "baotou_total_va_ytd": "baotou_industrial_va"}
    for series, indicator in names.items():
        for period, value in calibration[series].items():
            assert rates.get((indicator, period), value) == value
