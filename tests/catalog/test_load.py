"""Catalogue files: what is refused, and where the message points."""

from pathlib import Path

import pytest

from forecasting.catalog import load_catalog
from forecasting.errors import CatalogError

GOOD = """\
# two indicators
[[indicator]]
id = "total"
title_en = "Total"
title_zh = "合计"
region = "CN"
sector = "industry"
unit = "index"
role = "context"
family = "industry"
source = { connector = "file", series = "total" }
publisher = "a bureau"
release = { lag = 1, day = 16, time = "10:00", no_january_since = 2013 }

[[indicator]]
id = "part"
title_en = '''
A part
[[indicator]]'''
title_zh = "部分"
region = "CN-150200"
sector = "mining"
unit = "t"
decimals = 0
role = "supply"
parent = "total"
family = "industry"
publisher = "a bureau"
[indicator.source]
connector = "file"
series = "part"
[indicator.release]
lag = 1
day = 16
time = "10:00"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return path


def message(folder: Path, text: str) -> str:
    with pytest.raises(CatalogError) as caught:
        load_catalog(write(folder, text))
    return str(caught.value).replace(f"{folder}/", "")


def test_a_file_of_ones_own_takes_the_place_of_the_default(tmp_path: Path):
    catalog = load_catalog(write(tmp_path, GOOD))
    assert catalog.ids == ("total", "part")
    assert catalog["part"].decimals == 0
    assert catalog["total"].decimals == 1


def test_layout_does_not_change_the_hash(tmp_path: Path):
    first = load_catalog(write(tmp_path, GOOD)).hash()
    assert load_catalog(write(tmp_path, "\ufeff" + GOOD.replace("\n\n", "\n\n# note\n\n"))).hash() == first
    assert load_catalog(write(tmp_path, GOOD.replace("\n", "\r\n"))).hash() == first


FAULTS = [
    ('title_en = "Total"', 'titel_en = "Total"', 4, "unknown key 'titel_en'; did you mean title_en"),
    ('title_en = "Total"\n', "", 2, "key 'title_en' is missing"),
    (
        'role = "supply"',
        'role = "suply"',
        25,
        "role is 'suply'; use 'capacity', 'supply', 'demand_anchor' or",
    ),
    ("decimals = 0", 'decimals = "none"', 24, "decimals is 'none'; input should be a valid integer"),
    ('region = "CN-150200"', 'region = "Baotou"', 21, "region is 'Baotou'; it must match"),
    ('parent = "total"', 'parent = "totl"', 26, "parent 'totl' is not in the catalogue; did you mean total?"),
    ('id = "part"', 'id = "total"', 16, "id 'total' is given twice"),
    ('id = "part"', 'id = "Total"', 16, "id 'Total' differs from 'total' by case alone; ids are unique whatever"),
    ('parent = "total"', 'parent = "part"', 26, "parent and related lead round in a circle, part -> part"),
    ('connector = "file"\n', 'connector = "fax"\n', 30, "connector in source is 'fax'; use 'reference'"),
    ('"total" }', '"total", page = 3 }', 11, "unknown key 'page' in source; known are connector"),
    ("day = 16\n", "day = 31\n", 34, "day in release is 31; input should be less than or equal to 28"),
    ("day = 16,", "day = true,", 13, "day in release is True; input should be a valid integer"),
    ('"10:00", no', '"25:00", no', 13, "time in release is '25:00'"),
    ("= 2013", "= 2013, january_with_february_since = 2020", 13, "release: give no_january_since or"),
    (
        "# two",
        "[meta]\nname = 1\n# two",
        1,
        "unknown key 'meta'; a catalogue holds [[indicator]] and [[mapping]] tables",
    ),
    ("# two", "name = 1\n# two", 1, "unknown key 'name'"),
    ('id = "part"', "id = part", 16, "not TOML"),
]


@pytest.mark.parametrize(("old", "new", "line", "expected"), FAULTS)
def test_a_fault_is_named_with_its_line_and_what_is_allowed(tmp_path: Path, old, new, line, expected):
    assert old in GOOD
    assert f"catalog.toml: line {line}: {expected}" in message(tmp_path, GOOD.replace(old, new, 1))


def test_all_faults_are_named_at_once_in_the_order_of_the_file(tmp_path: Path):
    text = GOOD.replace('role = "context"', 'role = "x"').replace('unit = "t"', "unit = 3")
    lines = message(tmp_path, text).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["line 9", "line 23"]


def test_files_that_are_no_catalogue_are_refused_without_a_traceback(tmp_path: Path):
    assert "no [[indicator]] table" in message(tmp_path, "")
    assert "write [[indicator]] with two brackets" in message(tmp_path, '[indicator]\nid = "a"\n')
    assert "unknown key 'indicators'" in message(tmp_path, '[[indicators]]\nid = "a"\n')
    assert "line 1: key 'title_en' is missing" in message(tmp_path, 'indicator = [{ id = "a" }]')
    assert "line 2: not TOML" in message(tmp_path, 'a = 1\nb = "')
    (tmp_path / "latin.toml").write_bytes(b"# one\n# \xe9\n")
    with pytest.raises(CatalogError, match="line 2: not UTF-8"):
        load_catalog(tmp_path / "latin.toml")
    with pytest.raises(CatalogError, match="cannot be read: No such file"):
        load_catalog(tmp_path / "absent.toml")
    with pytest.raises(CatalogError, match="cannot be read: Is a directory"):
        load_catalog(tmp_path)


@pytest.mark.parametrize("date", ["2025-11-15", "2025-10-15", "2026-12-15"])
def test_a_release_date_that_cannot_be_its_periods_is_refused(tmp_path, date):
    own = tmp_path / "calendar.toml"
    own.write_text(f'[nbs_pmi]\n"2025-01" = 2025-01-27T09:30:00\n"2025-11" = {date}T10:00:00\n', encoding="utf-8")
    with pytest.raises(CatalogError, match=r"nbs_pmi.2025-11 = .*: not within a year after 2025-11; correct period"):
        load_catalog(calendar=own)
