"""The embedded reference table as a source."""

import datetime as dt

import pandas as pd
import pytest

from forecasting.catalog import Catalog, load_catalog
from forecasting.errors import InputError
from forecasting.observations import check_observations
from forecasting.reference import load_observations
from forecasting.sources import EmbeddedReference, Source, admit

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def through_the_door(catalog: Catalog):
    source: Source = EmbeddedReference()
    assert source.name == "reference"
    [[payload]] = source.fetch(catalog, NOW)
    rows = source.read(payload, catalog).rows
    known = check_observations(load_observations()).iloc[:0]
    return admit(rows, catalog, known, NOW, followed_only=True)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    admission = through_the_door(load_catalog())
    assert not admission.bad
    return admission.frame


def test_the_whole_table_passes_the_door(frame: pd.DataFrame):
    assert len(frame) == 3718
    assert set(frame["indicator"]) == set(load_catalog().ids)
    pd.testing.assert_frame_equal(check_observations(frame), frame.reset_index(drop=True))


def test_every_figure_has_a_moment_of_release_after_its_month(frame: pd.DataFrame):
    assert frame["released_at"].notna().all()
    end = (pd.PeriodIndex(frame["period"], freq="M") + 1).to_timestamp().tz_localize("Asia/Shanghai")
    assert (frame["released_at"].to_numpy() > end.tz_convert("UTC").to_numpy()).all()


def test_a_date_of_the_table_wins_over_the_calendar_and_the_calendar_over_the_usual_rule(frame: pd.DataFrame):
    city = frame[frame["indicator"] == "baotou_industrial_va"].set_index("period")["released_at"]
    assert city["2025-11"] == pd.Timestamp("2025-12-30", tz="UTC")
    assert city["2025-09"] == pd.Timestamp("2025-10-28T10:00Z")
    nation = (
        frame[frame["indicator"] == "cn_industrial_va"].drop_duplicates("period").set_index("period")["released_at"]
    )
    assert nation["2025-10"] == pd.Timestamp("2025-11-14T02:00Z")
    assert nation["2019-10"] == pd.Timestamp("2019-11-16T02:00Z")


def test_a_trimmed_catalogue_gets_its_own_figures_under_its_own_names():
    exports = load_catalog()["cn_exports"].model_copy(update={"id": "sales", "family": "abroad"})
    frame = through_the_door(Catalog([exports])).frame
    assert set(frame["indicator"]) == {"sales"}
    assert set(frame["family"]) == {"abroad"}
    assert len(frame) == 864


def test_indicators_of_other_connectors_are_left_to_them():
    exports = load_catalog()["cn_exports"]
    own = exports.model_copy(update={"source": exports.source.model_copy(update={"connector": "file"})})
    assert list(EmbeddedReference().fetch(Catalog([own]), NOW)) == []


def test_an_indicator_without_figures_is_named_with_the_nearest_series():
    exports = load_catalog()["cn_exports"]
    lost = exports.model_copy(update={"source": exports.source.model_copy(update={"series": "cn_exprots"})})
    with pytest.raises(
        InputError, match=r"indicator cn_exports: no figures of series 'cn_exprots' .*did you mean cn_exports"
    ):
        through_the_door(Catalog([lost]))


def test_what_contradicts_the_catalogue_is_put_aside_and_the_rest_comes_in():
    exports = load_catalog()["cn_exports"]
    rule = exports.release.model_copy(update={"no_january_since": 2013, "january_with_february_since": None})
    admission = through_the_door(Catalog([exports.model_copy(update={"release": rule})]))
    reasons = {row.reason for _, row in admission.bad}
    assert reasons == {"this January has no figure of its own by the catalogue (no_january_since)"}
    assert len(admission.frame) + len(admission.bad) == 864
    admission = through_the_door(Catalog([exports.model_copy(update={"unit": "t"})]))
    assert {row.reason for _, row in admission.bad} == {
        "the unit of the level is not the catalogue's; correct the file, its mapping or the catalogue"
    }
    assert set(admission.frame["measure"]) == {"ytd_yoy", "month_yoy"}
