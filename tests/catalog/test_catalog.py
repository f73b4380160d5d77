"""The default catalogue and the catalogue as a whole."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import forecasting.catalog
from forecasting.catalog import Catalog, Indicator, Release, SourceMapping, load_catalog
from forecasting.errors import CatalogError
from forecasting.observations import month_index, month_label


def indicator(name: str, **other: object) -> Indicator:
    fields = {
        "title_en": name,
        "title_zh": name,
        "region": "CN",
        "sector": "industry",
        "unit": "index",
        "role": "context",
        "family": "test",
        "source": SourceMapping(connector="file", series=name),
        "publisher": "a bureau",
        "release": Release(lag=1, day=16, time="10:00"),
    }
    return Indicator.model_validate({"id": name, **fields, **other})


def test_the_public_face_is_complete():
    assert all(hasattr(forecasting.catalog, name) for name in forecasting.catalog.__all__)


def test_the_default_catalogue_has_titles_in_both_languages_and_the_roles_of_the_projection():
    catalog = load_catalog()
    assert len(catalog) == 21
    assert catalog["cn_industrial_va"].title_zh == "规模以上工业增加值"
    assert catalog["cn_retail_sales"].title_en == "Total Retail Sales of Consumer Goods"
    assert catalog["baotou_rare_earth_va"].region == "CN-150200"
    assert {one.role for one in catalog} == {"capacity", "supply", "demand_anchor", "context"}
    assert all(one.title_en.isascii() and not one.title_zh.isascii() for one in catalog)
    assert [series.code for series in catalog["cn_industrial_va"].source.nbs_legacy] == ["A020102", "A020101"]


def test_the_sectors_of_the_city_are_its_parts_and_non_ferrous_mining_is_a_part_of_mining():
    catalog = load_catalog()
    assert [one.id for one in catalog.children("baotou_industrial_va")] == [
        "baotou_mining_va",
        "baotou_manufacturing_va",
        "baotou_utilities_va",
    ]
    assert [one.id for one in catalog.children("baotou_mining_va")] == ["baotou_nonferrous_mining_va"]
    assert catalog["baotou_rare_earth_va"].parent is None
    assert catalog.children("cn_exports") == ()


def test_a_related_indicator_shares_the_family():
    catalog = load_catalog()
    assert all(catalog[one.related].family == one.family for one in catalog if one.related)


@given(st.permutations(list(load_catalog())))
def test_the_hash_does_not_depend_on_the_order(indicators: list[Indicator]):
    assert Catalog(indicators).hash() == load_catalog().hash()


def test_the_hash_depends_on_every_title():
    first, *rest = load_catalog()
    changed = first.model_copy(update={"title_en": "Another"})
    assert Catalog([changed, *rest]).hash() != load_catalog().hash()


def test_an_unknown_name_is_answered_with_the_nearest_one():
    with pytest.raises(CatalogError, match=r"no indicator 'cn_exprots' in the catalogue; did you mean cn_exports"):
        load_catalog()["cn_exprots"]
    assert "cn_exports" in load_catalog()
    assert "cn_exprots" not in load_catalog()


def test_a_circle_of_references_is_refused_with_its_way():
    ring = [indicator("a", related="b"), indicator("b", parent="c"), indicator("c", related="a")]
    with pytest.raises(CatalogError, match="round in a circle, a -> b -> c -> a"):
        Catalog(ring)
    with pytest.raises(CatalogError, match="round in a circle, a -> a"):
        Catalog([indicator("a", related="a")])


def test_duplicates_unknown_references_and_an_empty_catalogue_are_refused():
    with pytest.raises(CatalogError, match="'a' is given twice"):
        Catalog([indicator("a"), indicator("a")])
    with pytest.raises(CatalogError, match="indicator 'a': parent 'b' is not in the catalogue"):
        Catalog([indicator("a", parent="b")])
    with pytest.raises(CatalogError, match="at least one indicator"):
        Catalog([])


def test_a_figure_of_bulletins_has_one_indicator():
    source = SourceMapping(connector="bulletin", bulletin=({"name": "cn_x"}, {"name": "cn_y", "region": "CN-15"}))
    catalog = Catalog([indicator("a", source=source), indicator("b")])
    assert catalog.in_bulletins("CN", "cn_x") is catalog["a"]
    assert catalog.in_bulletins("CN-15", "cn_y") is catalog["a"]
    assert catalog.in_bulletins("CN", "cn_y") is None
    with pytest.raises(CatalogError, match="indicator 'b': bulletin 'cn_x' of CN is taken by 'a'"):
        Catalog([indicator("a", source=source), indicator("b", source=source)])


def test_an_indicator_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        load_catalog()["cn_exports"].unit = "t"


def test_the_usual_rule_gives_the_moment_of_release_in_utc():
    catalog = load_catalog()
    assert catalog["cn_industrial_va"].released_at("2025-11") == pd.Timestamp("2025-12-16T02:00Z")
    assert catalog["cn_industrial_va"].released_at("2025-12") == pd.Timestamp("2026-01-16T02:00Z")


def test_a_january_that_is_published_with_february_has_no_release():
    rule = load_catalog()["cn_fiscal_revenue"].release
    assert rule.released_at("2018-01") == pd.Timestamp("2018-02-24T09:00Z")
    assert not rule.has_figure("2019-01")
    with pytest.raises(CatalogError, match="ask for 2019-02"):
        rule.released_at("2019-01")


def test_a_january_that_waits_for_february_appears_with_it():
    rule = load_catalog()["cn_exports"].release
    assert rule.released_at("2025-01") == rule.released_at("2025-02")
    assert rule.released_at("2019-01") < rule.released_at("2019-02")


@given(st.integers(month_index("1990-01"), month_index("2100-12")), st.sampled_from(load_catalog().ids))
def test_releases_follow_the_order_of_the_months(month: int, name: str):
    rule = load_catalog()[name].release
    before, after = month_label(month), month_label(month + 1)
    if rule.has_figure(before) and rule.has_figure(after):
        assert rule.released_at(before) <= rule.released_at(after)
        assert rule.released_at(after) > pd.Timestamp(after, tz="Asia/Shanghai")
