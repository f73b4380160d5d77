"""Mappings to live sources and of other people's columns: what is refused, and the words for it."""

import pytest
from pydantic import ValidationError

from forecasting.catalog import NbsSeries, SdmxSeries, SourceMapping, load_catalog, load_mapping
from forecasting.errors import CatalogError
from tests.catalog.test_load import GOOD

COLUMNS = 'columns = { period = "时间", indicator = "指标", value = "数值" }\n'
WIDE = 'columns = {{ period = "时间" }}\nwide = [{{ column = "a", indicator = "b", {} }}]\n'
CONSTANTS = 'constants = { measure = "ytd_yoy", unit = "percent" }\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (COLUMNS, "measure, unit is missing; give a column or a constant for it"),
        (COLUMNS + 'constants = { measure = "x", units = "y" }\n', "units is no column of ours; use period, value"),
        (COLUMNS + 'constants = { measure = "x", unit = "y", value = "1" }\n', "value is given both as a column and"),
        (COLUMNS + CONSTANTS + 'period_format = "%Y"\n', "period_format '%Y' needs %Y (or %y) and %m once"),
        (COLUMNS + CONSTANTS + 'period_format = "%Y-%b"\n', "period_format '%Y-%b' needs"),
        (
            COLUMNS + CONSTANTS + 'translate = { measure = { a = "yoy" } }\n',
            "measure yoy is unknown; use one of ytd_yoy",
        ),
        (COLUMNS + CONSTANTS + "skipp = 1\n", "unknown key 'skipp'; did you mean skip?"),
        (COLUMNS + 'wide = [{ column = "a", indicator = "b", measure = "ytd_yoy" }]\n', "and wide exclude each other"),
        (COLUMNS + 'constants = { measure = "ytd", unit = "percent" }\n', "measure ytd is unknown; use one of ytd_yoy"),
        (
            WIDE.format('measure = "ytd_level"'),
            "ytd_level of column 'a' in 'percent'; rates are in percent, a level names",
        ),
        (WIDE.format('measure = "ytd_yoy", unit = "%"'), "ytd_yoy of column 'a' in '%'; rates are in percent"),
        ('across = "指标"\n' + COLUMNS + CONSTANTS, "across needs wide, which says what each row is"),
        ('across = "指标"\n' + WIDE.format('measure = "ytd_yoy"'), "period and across exclude each other"),
        ("columns = 1\n", "columns is 1"),
        ("[columns\n", "not TOML"),
    ],
)
def test_a_mapping_that_makes_no_observations_is_refused(tmp_path, text, message):
    file = tmp_path / "map.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_mapping(file)
    assert message in str(caught.value)
    assert "map.toml: " in str(caught.value)


def test_a_catalogue_finds_the_mapping_for_a_file_by_its_name(tmp_path):
    file = tmp_path / "catalog.toml"
    file.write_text(f'{GOOD}\n[[mapping]]\nfiles = "customs-*.csv"\n{COLUMNS}{CONSTANTS}', encoding="utf-8")
    catalog = load_catalog(file)
    assert catalog.mapping_for("customs-2025.csv").columns["value"] == "数值"
    assert catalog.mapping_for("own.csv") is None
    file.write_text(f"{GOOD}\n[[mapping]]\n{COLUMNS}", encoding="utf-8")
    with pytest.raises(CatalogError, match="mapping 1: measure, unit is missing"):
        load_catalog(file)
    file.write_text(f"{GOOD}\n[[mapping]]\n{COLUMNS}{CONSTANTS}", encoding="utf-8")
    with pytest.raises(CatalogError, match="mapping 1: key 'files' is missing"):
        load_catalog(file)


def test_a_series_says_where_it_is_in_one_way_and_a_level_its_unit():
    with pytest.raises(ValidationError, match="give cid or path, and indicator or name"):
        NbsSeries(cid="a", path="b", indicator="c", measure="ytd_yoy")
    with pytest.raises(ValidationError, match="first 2020-01 is after last 2019-12; exchange them"):
        NbsSeries(cid="a", indicator="c", measure="ytd_yoy", first="2020-01", last="2019-12")
    with pytest.raises(ValidationError, match="a level needs unit"):
        NbsSeries(cid="a", indicator="c", measure="ytd_level")
    with pytest.raises(ValidationError, match="rates are in percent"):
        SdmxSeries(agency="a", flow="b", key="c", measure="ytd_yoy", factor=2)


def test_a_connector_needs_its_series():
    with pytest.raises(ValidationError, match="connector reference needs series"):
        SourceMapping(connector="reference")
    with pytest.raises(ValidationError, match="connector sdmx needs at least one series"):
        SourceMapping(connector="sdmx")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('series = "total" }', 'series = "total", nbs = [{ cidd = "x" }] }', 11, "unknown key 'cidd' in source.nbs"),
        (
            'series = "total" }',
            'series = "total", bulletin = [{ nam = "x" }] }',
            11,
            "unknown key 'nam' in source.bulletin",
        ),
        ("no_january_since = 2013 }", 'calendar = "nbs_activty" }', 13, "release.calendar 'nbs_activty'; did you mean"),
    ],
)
def test_faults_of_sources_and_calendars_are_named_with_their_line(tmp_path, old, new, line, message):
    file = tmp_path / "catalog.toml"
    file.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_catalog(file)
    assert f"line {line}: {message}" in str(caught.value)
