import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from forecasting.publishing import _workbook, publish
from tests.publishing.conftest import small_tables
from tests.publishing.readers import (
    check_no_formulas,
    check_parquet,
    check_sdmx,
    check_workbook,
    sdmx_message,
    sdmx_observations,
    sheets,
)


@pytest.fixture(scope="module")
def nasty() -> dict[str, pd.DataFrame]:
    """Tables whose texts look like formulas, tags and quotes wherever the catalogue allows it."""
    tables = small_tables()
    names = {"baotou_va": "baotou.va", "national_va": "national-va"}
    for name, frame in tables.items():
        for column in ("indicator", "parent", "related"):
            if column in frame:
                tables[name] = frame = frame.assign(**{column: frame[column].replace(names)})
    tables["indicators"] = tables["indicators"].assign(
        title_en=["=cmd|' /C calc'!A0", "+1", "-<script>alert(1)</script>"],
        title_zh=['@"引号"', "'=1", "#N/A"],
        unit=["=t", "-", "@"],
        publisher="=HYPERLINK(1)",
    )
    figures = tables["observations"].copy()
    figures.loc[0, ["measure", "unit"]] = ["ytd_level", "=t"]
    tables["observations"] = figures
    tables["forecasts"] = tables["forecasts"].assign(model="-theta")
    return tables


@pytest.fixture(scope="module")
def folder(nasty, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("nasty")
    return publish(nasty, root=root, run_id="n1", as_of="2025-04-30", provenance={})


def test_sdmx_csv_comes_back_exactly_with_every_value_and_status(folder):
    check_sdmx(folder)
    monthly = sdmx_observations(folder, "MONTHLY")
    assert {one["OBS_STATUS"] for one in monthly.values()} == {"A", "E", "K", "W"}
    assert monthly["M", "baotou@va", "LEVEL", "2025-02"]["UNIT_MEASURE"] == "'=t"
    assert monthly["M", "national-va", "LEVEL", "2025-02"]["UNIT_MEASURE"] == "100 = average month of the first year"


def test_the_structure_message_names_every_code_concept_and_attribute_in_two_languages(folder):
    message = sdmx_message(folder / "sdmx" / "structure.xml")
    assert message.header.prepared.isoformat() == "2025-04-30T00:00:00+00:00"
    assert set(message.codelist["CL_OBS_STATUS"].items) == set("AEKWBF")
    titles = message.codelist["CL_INDICATOR"]["baotou@va"].name
    assert (titles["en"], titles["zh"]) == ("=cmd|' /C calc'!A0", '@"引号"')
    for structure in message.structure.values():
        parts = [*structure.dimensions.components, *structure.attributes.components, *structure.measures.components]
        for part in parts:
            assert set(part.concept_identity.name.localizations) == {"en", "zh"}
        assert structure.attributes.get("OBS_STATUS").usage_status.name == "mandatory"
    header = (folder / "sdmx" / "monthly.csv").read_text(encoding="utf-8").split("\n")[0].split(",")
    assert header[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    monthly = message.structure["DSD_MONTHLY"]
    assert set(header[3:]) == {part.id for kind in (monthly.dimensions, monthly.attributes, monthly.measures)
                               for part in kind.components}  # fmt: skip


def test_parquet_has_the_rows_types_and_words_of_the_tables(folder):
    check_parquet(folder)


def test_the_workbook_has_the_numbers_of_the_tables_at_their_month_and_indicator(folder):
    check_workbook(folder)
    board = sheets(folder)["Next release 下次公布"]
    assert [str(cell) for cell in board[1][3:6]] == ["2025-04-01 00:00:00", "2025-05-28 00:00:00", "0"]
    assert board[1][6:] == (9, 0.3, 0, 0.6, 0.4)


def test_the_workbook_is_frozen_sized_and_formatted_and_says_what_it_shows_in_two_languages(folder):
    book = openpyxl.load_workbook(folder / "cumulus.xlsx")
    assert book.sheetnames[0] == "About 说明"
    about = [cell for row in sheets(folder)["About 说明"] for cell in row if cell]
    assert all(name in about for name in book.sheetnames[1:])
    growth = book["Growth 同比"]
    assert growth.freeze_panes == "B6"
    assert [cell.value for cell in growth["B"][:5]][3:] == ["percent 百分比", "estimate 估计值"]
    assert (growth["A6"].number_format, growth["B7"].number_format) == ("yyyy-mm", "#,##0.00")
    assert growth["B7"].data_type == "n"
    assert growth.column_dimensions["B"].width == 15
    assert growth["B1"].font.bold
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"inlineStr", "s", "n", "d"}  # no formula, no error
    assert "#N/A" in [cell.value for cell in cells]


def test_small_levels_are_shown_with_the_digits_that_they_have(nasty, tmp_path):
    monthly = nasty["monthly"]
    small = monthly.assign(level=monthly["level"].where(monthly["indicator"] != "baotou.va", monthly["level"] * 2e-5))
    made = publish({**nasty, "monthly": small}, root=tmp_path, run_id="n1", as_of="2025-04-30", provenance={})
    levels = openpyxl.load_workbook(made / "cumulus.xlsx")["Levels 水平"]
    looks = {column[0].value: (column[6].value, column[6].number_format) for column in levels.iter_cols(min_col=2)}
    assert looks == {"baotou.va": (0.0020246914, "#,##0.00000"), "national-va": (101.23457, "#,##0.00")}


def test_a_workbook_says_how_many_indicators_do_not_fit(folder, nasty, monkeypatch, tmp_path):
    monkeypatch.setattr(_workbook, "MOST_COLUMNS", 5)
    small = publish(nasty, root=tmp_path, run_id="n1", as_of="2025-04-30", provenance={})
    rows = sheets(small)
    assert len(rows["Growth 同比"][0]) == 4
    assert len(rows["Levels 水平"][0]) == 3
    assert any("Of the 3 indicators a sheet holds the first 1." in str(row[1]) for row in rows["About 说明"])


def test_no_cell_of_a_text_column_looks_like_a_formula_in_any_file(folder):
    check_no_formulas(folder)


def test_the_same_release_gives_the_same_files_to_the_byte_wherever_and_whenever_it_is_made(folder, nasty, tmp_path):
    again = publish(nasty, root=tmp_path, run_id="n1", as_of="2025-04-30", provenance={})
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert [name for name in names if (folder / name).read_bytes() != (again / name).read_bytes()] == []
    with zipfile.ZipFile(folder / "cumulus.xlsx") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2025-04-30T00:00:00Z" in archive.read("docProps/core.xml")
