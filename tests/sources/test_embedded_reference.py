"""The embedded reference table as a source."""

import pandas as pd
import pytest

from forecasting.catalog import Catalog, load_catalog
from forecasting.errors import InputError
from forecasting.observations import COLUMNS
from forecasting.sources import EmbeddedReference, Source


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return EmbeddedReference().pull(load_catalog())


def test_it_is_a_source_and_gives_the_whole_table(frame: pd.DataFrame):
    source: Source = EmbeddedReference()
    assert source.name == "reference"
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 3430
    assert set(frame["indicator"]) == set(load_catalog().ids)


def test_every_figure_has_a_moment_of_release_after_its_month(frame: pd.DataFrame):
    assert frame["released_at"].notna().all()
    end = (pd.PeriodIndex(frame["period"], freq="M") + 1).to_timestamp().tz_localize("Asia/Shanghai")
    assert (frame["released_at"].to_numpy() > end.tz_convert("UTC").to_numpy()).all()


def test_a_date_of_the_table_wins_over_the_usual_rule(frame: pd.DataFrame):
    rows = frame[frame["indicator"] == "baotou_industrial_va"].set_index("period")["released_at"]
    assert rows["2025-11"] == pd.Timestamp("2025-12-30", tz="UTC")
    assert rows["2025-09"] == pd.Timestamp("2025-10-28T10:00Z")


def test_a_trimmed_catalogue_gets_its_own_figures_under_its_own_names():
    exports = load_catalog()["cn_exports"].model_copy(update={"id": "sales", "family": "abroad"})
    frame = EmbeddedReference().pull(Catalog([exports]))
    assert set(frame["indicator"]) == {"sales"}
    assert set(frame["family"]) == {"abroad"}
    assert len(frame) == 864


def test_indicators_of_other_connectors_are_left_to_them():
    exports = load_catalog()["cn_exports"]
    own = exports.model_copy(update={"source": exports.source.model_copy(update={"connector": "file"})})
    frame = EmbeddedReference().pull(Catalog([own]))
    assert frame.empty
    assert list(frame.columns) == list(COLUMNS)


def test_an_indicator_without_figures_is_named_with_the_nearest_series():
    exports = load_catalog()["cn_exports"]
    lost = exports.model_copy(update={"source": exports.source.model_copy(update={"series": "cn_exprots"})})
    with pytest.raises(
        InputError, match=r"indicator cn_exports: no figures of series 'cn_exprots', only of cn_exports"
    ):
        EmbeddedReference().pull(Catalog([lost]))


def test_a_catalogue_that_contradicts_the_table_is_refused():
    exports = load_catalog()["cn_exports"]
    rule = exports.release.model_copy(update={"no_january_since": 2013, "january_with_february_since": None})
    wrong = exports.model_copy(update={"unit": "t", "release": rule})
    with pytest.raises(InputError) as caught:
        EmbeddedReference().pull(Catalog([wrong]))
    assert "levels are in 'USD billion', the catalogue says 't'" in str(caught.value)
    assert "2025-01 has a figure, but no_january_since = 2013" in str(caught.value)
