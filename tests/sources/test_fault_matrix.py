"""Kinds of bad rows and bad files: what is pulled is archived, good rows are stored, bad ones are put aside."""

import datetime as dt
import io
import os
import tempfile
import tomllib
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.catalog import ColumnMapping, load_catalog
from forecasting.payloads import Payload
from forecasting.settings import Settings
from forecasting.sources import Connectors
from forecasting.store import Intake, RawArchive, Store
from jobs.pulling import Pulling

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
HEADER = "indicator,period,measure,value,unit,decimals,released_at,note"
GOOD = {("steel", "2024-03"): "5.5", ("steel", "2024-04"): "-0.3", ("cement", "2024-03"): "12.0"}

# rows of one figure each, and what is said of them
ROWS = {
    "no indicator": (",2023-03,ytd_yoy,5.0,percent,,,", "indicator is empty"),
    "an indicator like a formula": ("=cmd|'/c calc',2023-03,ytd_yoy,5.0,percent,,,", "indicator is no name"),
    "an indicator with a bracket": ("steel(t),2023-03,ytd_yoy,5.0,percent,,,", "indicator is no name"),
    "no period": ("bad,,ytd_yoy,5.0,percent,,,", "period is not YYYY-MM"),
    "a month 13": ("bad,2023-13,ytd_yoy,5.0,percent,,,", "period is not YYYY-MM"),
    "a month 00": ("bad,2023-00,ytd_yoy,5.0,percent,,,", "period is not YYYY-MM"),
    "a quarter": ("bad,2023Q1,ytd_yoy,5.0,percent,,,", "nor written as the mapping's period_format"),
    "Arabic digits": ("bad,٢٠٢٣-03,ytd_yoy,5.0,percent,,,", "period is not YYYY-MM"),
    "a period to come": ("bad,2026-04,ytd_yoy,5.0,percent,,,", "after the month in which it came"),
    "a period long ago": ("bad,0203-03,ytd_yoy,5.0,percent,,,", "period is before 1900"),
    "no measure": ("bad,2023-03,,5.0,percent,,,", "measure is none of"),
    "an unknown measure": ("bad,2023-03,yoy,5.0,percent,,,", "measure is none of"),
    "a measure in capitals": ("bad,2023-03,YTD_YOY,5.0,percent,,,", "measure is none of"),
    "no value": ("bad,2023-03,ytd_yoy,,percent,,,", "value is not a number"),
    "a dash for a value": ("bad,2023-03,ytd_yoy,—,percent,,,", "value is not a number"),
    "a word for a value": ("bad,2023-03,ytd_yoy,n/a,percent,,,", "value is not a number"),
    "not a number": ("bad,2023-03,ytd_yoy,nan,percent,,,", "value is not a number"),
    "infinity": ("bad,2023-03,ytd_yoy,inf,percent,,,", "value is not a number"),
    "brackets for a minus": ("bad,2023-03,ytd_yoy,(5.0),percent,,,", "expected one like -1234.5"),
    "a decimal comma": ('bad,2023-03,ytd_yoy,"5,5",percent,,,', "value is not a number"),
    "full-width digits": ("bad,2023-03,ytd_yoy,５.５,percent,,,", "value is not a number"),
    "an exponent": ("bad,2023-03,ytd_yoy,5e0,percent,,,", "value is not a number"),
    "a formula": ("bad,2023-03,ytd_yoy,=1+4,percent,,,", "value is not a number"),
    "a spreadsheet's error": ("bad,2023-03,ytd_yoy,#DIV/0!,percent,,,", "value is not a number"),
    "two points": ("bad,2023-03,ytd_yoy,5.5.5,percent,,,", "value is not a number"),
    "a number without end": (f"bad,2023-03,ytd_yoy,{'9' * 400},percent,,,", "value is not a number"),
    "a fall by all": ("bad,2023-03,ytd_yoy,-100.0,percent,,,", "a rate of -100 percent or less"),
    "a level for a rate": ("bad,2023-03,ytd_yoy,52619.0,percent,,,", "a rate above 10000 percent"),
    "a negative level": ("bad,2023-03,month_level,-5.0,t,,,", "a level of zero or less"),
    "a level of zero": ("bad,2023-03,month_level,0.0,t,,,", "a level of zero or less"),
    "a rate in tons": ("bad,2023-03,ytd_yoy,5.0,t,,,", "the unit of a rate is 'percent'"),
    "a rate in no unit": ("bad,2023-03,ytd_yoy,5.0,,,,", "the unit of a rate is 'percent'"),
    "a level in no unit": ("bad,2023-03,month_level,5.0,,,,", "the unit of the level is empty"),
    "another unit than the catalogue's": ("cn_exports,2023-03,month_level,5.0,t,,,", "not the catalogue's"),
    "decimals that are none": ("bad,2023-03,ytd_yoy,5.0,percent,one,,", "decimals is not a whole number"),
    "decimals below minus nine": ("bad,2023-03,month_level,0,t,-10,,", "decimals is not a whole number"),
    "more digits than a rounding to tens": ("bad,2023-03,month_level,55,t,-1,,", "value has more decimals"),
    "decimals beyond nine": ("bad,2023-03,ytd_yoy,5.0,percent,10,,", "decimals is not a whole number"),
    "too many digits": ("bad,2023-03,ytd_yoy,5.1234567891,percent,,,", "decimals is not a whole number"),
    "more digits than a float": ("bad,2023-03,month_level,12345678901234567.89,t,,,", "value has more digits than"),
    "more digits than decimals": ("bad,2023-03,ytd_yoy,5.25,percent,1,,", "value has more decimals"),
    "no date": ("bad,2023-03,ytd_yoy,5.0,percent,,soon,", "released_at is not an ISO date"),
    "a month for a date": ("bad,2023-03,ytd_yoy,5.0,percent,,2023-05,", "released_at is not an ISO date"),
    "a year for a date": ("bad,2023-03,ytd_yoy,5.0,percent,,2024,", "released_at is not an ISO date"),
    "a release to come": ("bad,2023-03,ytd_yoy,5.0,percent,,2026-03-02,", "released_at is after the moment"),
    "a release before the month": ("bad,2023-03,ytd_yoy,5.0,percent,,2023-02-28,", "released_at is before the month"),
    "a January that has no figure": ("cn_industrial_va,2023-01,ytd_yoy,5.0,percent,,,", "this January has no figure"),
    "a line break in a text": ('bad,2023-03,ytd_yoy,5.0,percent,,,"a\nb"', "note holds a control character"),
    "a field too few": ("bad,2023-03,ytd_yoy,5.0", "4 fields where the header has 8"),
    "a field too many": ("bad,2023-03,ytd_yoy,5.0,percent,,,,,", "10 fields where the header has 8"),
}  # fmt: skip

# rows that are bad only together: their lines, and how many of them are put aside
GROUPS = {
    "one figure, two values": (
        ["bad,2022-03,ytd_yoy,5.0,percent,,,", "bad,2022-03,ytd_yoy,5.1,percent,,,"], 2, "given more than once"
    ),
    "a cumulative level that falls": (
        ["bad,2022-03,ytd_level,10,t,,,", "bad,2022-04,ytd_level,9,t,,,"], 2, "a cumulative level falls within 2022"
    ),
    "a spike in a cumulative level": (
        [f"bad,2022-{month:02d},ytd_level,{value},t,,," for month, value in enumerate((10, 20, 300, 40, 50), start=3)],
        1, "a cumulative level falls within 2022",
    ),
    "a cumulative rate that is no average": (
        ["bad,2022-03,ytd_yoy,5.0,percent,,,", "bad,2022-04,month_yoy,6.0,percent,,,",
         "bad,2022-04,ytd_yoy,56.0,percent,,,"],
        3, "the cumulative rate to month 4 is not between",
    ),
    "a slip of the unit": (
        ["bad,2021-03,ytd_level,100,t,,,", "bad,2022-03,ytd_level,104,t,,,", "bad,2022-03,ytd_yoy,4.0,percent,,,",
         "bad,2023-03,ytd_level,1100000,t,,,", "bad,2023-03,ytd_yoy,5.8,percent,,,",
         "bad,2024-03,ytd_level,115,t,,,", "bad,2024-03,ytd_yoy,4.5,percent,,,"],
        1, "the level of 2023-03 is 9,997 times what its rate",
    ),
    "a level in one unit and its successor in another": (
        ["bad,2021-03,month_level,100,t,,,", "bad,2022-03,month_level,0.01,t,,,", "bad,2022-03,month_yoy,0,percent,,,"],
        2, "the level of 2022-03 is 0.0001 times what its rate",
    ),
    "a rate without its point": (
        ["bad,2021-03,ytd_level,100,t,,,", "bad,2022-03,ytd_level,104,t,,,", "bad,2022-03,ytd_yoy,4000,percent,,,"],
        1, "the level of 2022-03 is 0.02537 times what its rate",
    ),
    "two units of one level": (
        ["bad,2022-03,month_level,10,t,,,", "bad,2022-04,month_level,11,kt,,,"], 1, "not that of the indicator's other"
    ),
}  # fmt: skip


def workbook(*rows, formats=(), title="Sheet") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for place, form in formats:
        book.active[place].number_format = form
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def spoiled(part: str, content: bytes, body: bytes) -> bytes:
    """A workbook with one part replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, content if item.filename == part else old.read(item))
    return file.getvalue()


COLUMNS = HEADER.split(",")[:5]
ROW = ["steel", "2024-03", "ytd_yoy", 5.5, "percent"]
PART = "xl/worksheets/sheet1.xml"
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c t="inlineStr">'
    b"<is><t>&b;</t></is></c></row></sheetData></worksheet>"
)

FAR = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="9999999"><c r="A9999999"><v>1</v></c></row></sheetData></worksheet>'
)

FILES = {
    "an empty file": ("x.csv", b"", "the file is empty"),
    "blank lines only": ("x.csv", b"\n\n\n", "the file is empty"),
    "a header and no rows": ("x.csv", HEADER.encode(), "no figures below the header"),
    "no header": ("x.csv", b"steel,2024-03,ytd_yoy,5.5,percent\n", "column"),
    "a missing column": ("x.csv", b"indicator,period,value\nsteel,2024-03,5.5\n", "columns measure, unit missing"),
    "other people's columns": ("x.csv", "指标,时间\n钢,2024\n".encode(), "need a mapping (--map, or [[mapping]]"),
    "a column twice": ("x.csv", b"indicator,indicator\na,b\n", "column 'indicator' is given twice"),
    "semicolons": ("x.csv", HEADER.replace(",", ";").encode(), "separate the columns by commas"),
    "NUL bytes": ("x.csv", HEADER.encode() + b"\nsteel\0", "a NUL byte"),
    "UTF-16": ("x.csv", f"{HEADER}\n".encode("utf-16"), "a NUL byte"),
    "no text": ("x.csv", b"\xff\xfe\xfd\xfc\xff\n", "text in neither UTF-8 nor GB 18030"),
    "a page": ("x.csv", b"<html><body>403</body></html>\n", "columns indicator"),
    "an archive": ("x.csv", workbook(COLUMNS), "a NUL byte"),
    "a CSV named xlsx": ("x.xlsx", HEADER.encode(), "not a workbook"),
    "an empty xlsx": ("x.xlsx", b"", "not a workbook"),
    "an old or encrypted workbook": ("x.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512, "an old .xls"),
    "half a workbook": ("x.xlsx", workbook(COLUMNS, ROW)[:2000], "not a workbook"),
    "a workbook of nothing": ("x.xlsx", workbook(), "the sheet is empty (of a workbook the first visible sheet"),
    "an archive that is no workbook": ("x.xlsx", b"PK\5\6" + b"\0" * 18, "workbook"),
    "a sheet that is no XML": ("x.xlsx", spoiled(PART, b"no", workbook(COLUMNS)), "cannot be read as a workbook"),
    "entities": ("x.xlsx", spoiled(PART, LAUGHS, workbook(COLUMNS)), "cannot be read as a workbook"),
    "a zip bomb": ("x.xlsx", spoiled(PART, b" " * (100 << 20), workbook(COLUMNS)), "refused: 100 MB unpacked"),
    "a workbook of texts": (
        "x.xlsx", spoiled("docProps/core.xml", b"ab" * (150 << 20), workbook(COLUMNS)), "refused: 300 MB unpacked"
    ),
    "a row far below": (
        "x.xlsx",
        spoiled(PART, FAR, workbook(COLUMNS)),
        "more than 1048576 rows",
    ),
}  # fmt: skip


GOOD_TEXT = "2025年1—11月，全国进口按美元计价下降0.6%。"

# bulletins without figures, and what is said of them
BULLETINS = {
    "an empty bulletin": (b"", "the file is empty"),
    "blanks only": (b" \n\t\n", "the file is empty"),
    "a PDF": (b"%PDF-1.7\n1 0 obj", "not a text"),
    "a Word file": (workbook(COLUMNS), "not a text"),
    "NUL bytes": (GOOD_TEXT.encode() + b"\0", "neither UTF-8 nor GB18030"),
    "UTF-16 without a mark": (GOOD_TEXT.encode("utf-16-le"), "neither UTF-8 nor GB18030"),
    "no text": (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
    "Big5": (GOOD_TEXT.replace("国", "國").encode("big5", "replace"), "no figure found"),
    "half of its bytes lost": (bytes(byte for n, byte in enumerate(GOOD_TEXT.encode() * 9) if n % 2), ""),
    "a firewall's page": (b"<html><script>location.reload()</script><body>403</body></html>", "no figure found"),
    "English prose": (b"Imports fell by 0.6% in January to November 2025.", "no figure found"),
    "prose without figures": ("全国进口保持平稳。".encode(), "no figure found"),
    "shares and points only": ("2025年1—11月，全国进口占比28.3%，加快0.4个百分点。".encode(), "no figure found"),
    "markup only": (b"<table>" * 2000, "no figure found"),
    "one sentence without end": (("进口，" * 4000).encode(), ""),
}  # fmt: skip

# sentences of one figure each, and what is said of them
SENTENCES = {
    "a fall by more than all": ("2025年1—11月，全国出口按美元计价增长25000%", "a rate above 10000 percent"),
    "a level of growth alone": ("2025年1—11月，全国制造业投资28万亿元", "the catalogue follows growth alone"),
    "another kind of unit": ("2025年1—11月，全国固定资产投资44万亿美元", "cannot be converted into the catalogue's"),
    "a January without a figure": ("2025年1月，全国制造业投资增长2.0%", "this January has no figure"),
    "a figure finer than any": ("2025年1—11月，全国固定资产投资4560670000000.25元", "decimals is not a whole number"),
}  # fmt: skip


class Home:
    def __init__(self, folder: Path):
        self.settings = Settings(home=folder)
        self.store = Store.open(self.settings.store)
        self.archive = RawArchive(self.settings.raw)
        self.intake = Intake(self.store.engine)
        self.pulling = Pulling(self.store, self.archive, load_catalog(), Connectors(self.settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.store.close()

    def take(self, name: str, body: bytes):
        """Import a file; one that is refused as a whole is not archived."""
        result = self.pulling.take(Payload("import", name, NOW, body))
        assert self.archived() == ([] if result.status == "failed" else [body])
        return result

    def pull(self, name: str, body: bytes, source: str):
        """Take a file in from the drop folder; it is archived, whatever it is."""
        file = self.settings.drop / name
        file.parent.mkdir(parents=True)
        file.write_bytes(body)
        os.utime(file, (0, 0))  # nobody has been writing to it just now
        [result] = self.pulling.pull([source], NOW)
        assert self.archived() == [body]
        return result

    def archived(self):
        return [self.archive.payload(fetch).body for fetch in self.archive.fetches()]

    def figures(self):
        known = self.store.as_of()
        return {(row.indicator, row.period): row.value for row in known.itertuples() if row.measure == "ytd_yoy"}

    def aside(self):
        return self.intake.quarantined(1000)


def line(key: tuple[str, str], value: str) -> str:
    return f"{key[0]},{key[1]},ytd_yoy,{value},percent,,,"


def lines(figures: dict[tuple[str, str], str]) -> list[str]:
    return [line(key, value) for key, value in figures.items()]


def numbers(figures: dict[tuple[str, str], str]) -> dict[tuple[str, str], float]:
    return {key: float(value) for key, value in figures.items()}


@pytest.fixture
def home(tmp_path):
    with Home(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("kind", ROWS)
def test_a_bad_row_is_put_aside_with_its_reason_and_the_good_ones_come_in(home, kind):
    row, reason = ROWS[kind]
    first, *rest = lines(GOOD)
    result = home.take("x.csv", "\n".join([HEADER, first, row, *rest]).encode())
    assert (result.status, result.new, result.quarantined) == ("partial", 3, 1)
    assert home.figures() == numbers(GOOD)
    [aside] = home.aside()
    assert reason in aside["reason"]
    assert aside["place"] == "line 3"
    assert "1 rows were put aside" in result.message


@pytest.mark.parametrize("kind", GROUPS)
def test_rows_that_are_bad_together_are_put_aside(home, kind):
    rows, wrong, reason = GROUPS[kind]
    result = home.take("x.csv", "\n".join([HEADER, *lines(GOOD), *rows]).encode())
    assert (result.status, result.new, result.quarantined) == ("partial", 3 + len(rows) - wrong, wrong)
    assert all(reason in aside["reason"] for aside in home.aside())


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_cannot_be_read_is_archived_unless_it_was_imported_and_its_fault_is_said(home, kind):
    name, body, message = FILES[kind]
    for result in (home.take(name, body), home.pull(name, body, "file")):
        assert result.status == "failed"
        assert message in result.message
    assert home.store.as_of().empty


@pytest.mark.parametrize("kind", BULLETINS)
def test_a_bulletin_without_figures_is_archived_and_that_is_said(home, kind):
    body, message = BULLETINS[kind]
    result = home.pull("b.txt", body, "bulletin")
    assert message in result.message
    assert result.message
    assert home.store.as_of().empty


@pytest.mark.parametrize("kind", SENTENCES)
def test_a_bad_sentence_is_put_aside_with_its_reason_and_the_good_one_comes_in(home, kind):
    sentence, reason = SENTENCES[kind]
    result = home.pull("b.txt", f"{GOOD_TEXT}{sentence}。".encode(), "bulletin")
    assert (result.status, result.new, result.quarantined) == ("partial", 1, 1)
    assert home.figures() == {("cn_imports", "2025-11"): -0.6}
    [aside] = home.aside()
    assert reason in aside["reason"]
    assert sentence in aside["place"]


def test_a_bulletin_on_a_month_to_come_is_put_aside(home):
    result = home.pull("b.txt", "2026年1—11月，全国出口按美元计价增长5.9%。".encode(), "bulletin")
    assert (result.new, result.quarantined) == (0, 1)
    assert "after the month in which it came" in home.aside()[0]["reason"]


def test_a_file_that_stops_being_csv_gives_what_came_before(home):
    body = "\n".join(
        [HEADER, *lines(GOOD), 'steel,2024-05,ytd_yoy,"5.0,percent', "steel,2024-06,ytd_yoy,5.0,percent,,,"]
    )
    result = home.take("x.csv", body.encode())
    assert (result.new, result.quarantined) == (3, 1)
    assert "not CSV" in home.aside()[0]["reason"]
    assert home.aside()[0]["place"] == "line 5"


def test_cells_of_a_workbook_are_read_as_they_are_seen_and_formulas_are_not_read(home):
    rows = [
        COLUMNS,
        ["steel", dt.datetime(2024, 3, 1), "ytd_yoy", 5.5, "percent"],
        ["steel", "2024-04", "ytd_yoy", 9, "percent"],
        ["steel", "2024-05", "ytd_yoy", 0.062, "percent"],
        ["steel", "2024-06", "ytd_yoy", "=1+4", "percent"],
        [None, None, None, None, None],
        ["steel", "2024-07", "ytd_yoy", True, "percent"],
        ["steel", "2024-08", "month_level", 0.062, "t"],
    ]
    result = home.take("x.xlsx", workbook(*rows, formats=[("D4", "0.0%"), ("D8", "0.0%")]))
    assert home.figures() == {("steel", "2024-03"): 5.5, ("steel", "2024-04"): 9.0, ("steel", "2024-05"): 6.2}
    assert home.store.as_of()["decimals"].tolist() == [1, 1, 1]
    assert {aside["place"]: aside["reason"].split(";")[0] for aside in home.aside()} == {
        "line 5": "a formula", "line 7": "value is not a number", "line 8": "value is not a number"
    }  # fmt: skip
    assert result.status == "partial"


def test_a_workbook_says_the_same_as_a_csv_of_its_figures(tmp_path):
    columns = [*COLUMNS, "decimals"]
    rows = [
        ["steel", dt.datetime(2024, 3, 1), "ytd_yoy", 6, "percent", 1],
        ["steel", "2024-04", "ytd_yoy", 0.06, "percent", None],
        ["steel", "2024-05", "ytd_yoy", 0.061, "percent", 1],
        ["steel", "2024-05", "month_level", 1200, "t", -2],
        ["steel", "2024-06", "month_level", 1300, "t", None],
        ["steel", "2024-07", "month_level", 1300.5, "t", None],
        ["steel", "2024-06", "ytd_yoy", 0.034 * 100, "percent", None],  # what a formula left
    ]
    texts = [
        "steel,2024-03-01 00:00:00,ytd_yoy,6.0,percent,1", "steel,2024-04,ytd_yoy,6.0%,percent,",
        "steel,2024-05,ytd_yoy,6.1,percent,1", 'steel,2024-05,month_level,"1,200",t,-2',
        "steel,2024-06,month_level,1300,t,", "steel,2024-07,month_level,1300.5,t,",
        "steel,2024-06,ytd_yoy,3.4,percent,",
    ]  # fmt: skip
    bodies = {
        "x.xlsx": workbook(columns, *rows, formats=[("D3", "0.0%"), ("D4", "0.00%")]),
        "x.csv": "\n".join([",".join(columns), *texts]).encode(),
    }
    told = []
    for name, body in bodies.items():
        (tmp_path / name).mkdir()
        with Home(tmp_path / name) as home:
            assert home.take(name, body).new == 7
            told.append(home.store.as_of()[[*COLUMNS, "decimals"]])
    assert told[0]["decimals"].tolist() == [1, 1, -2, 1, 0, 1, 1]
    pd.testing.assert_frame_equal(*told)


CODED = """
period_format = "%Y%m"
columns = { period = "月份", indicator = "指标代码", value = "2024" }
constants = { measure = "ytd_yoy", unit = "percent" }
translate = { indicator = { "1001" = "cn_exports" } }
"""


def test_whole_numbers_of_a_workbook_are_months_codes_and_headings_as_in_a_csv(tmp_path):
    rows = [["月份", "指标代码", 2024], [202408, 1001, 6.1], [202409, 1001, 7]]
    own = [COLUMNS, [1001, "2024-03", "ytd_yoy", 5, "percent"]]
    texts = {"x": "月份,指标代码,2024\n202408,1001,6.1\n202409,1001,7.0\n",
             "own": f"{','.join(COLUMNS)}\n1001,2024-03,ytd_yoy,5.0,percent\n"}  # fmt: skip
    mapping = ColumnMapping.model_validate(tomllib.loads(CODED))
    told = []
    for suffix, bodies in {
        "xlsx": {"x": workbook(*rows), "own": workbook(*own)},
        "csv": {name: text.encode() for name, text in texts.items()},
    }.items():
        (tmp_path / suffix).mkdir()
        with Home(tmp_path / suffix) as home:
            request = {"mapping": mapping.model_dump(mode="json", exclude_defaults=True)}
            home.pulling.take(Payload("import", f"x.{suffix}", NOW, bodies["x"], request))
            home.pulling.take(Payload("import", f"own.{suffix}", NOW, bodies["own"]))
            assert not home.aside()
            told.append(home.store.as_of()[[*COLUMNS, "decimals"]])
    assert told[0][["indicator", "period", "value", "decimals"]].to_numpy().tolist() == [
        ["1001", "2024-03", 5.0, 1], ["cn_exports", "2024-08", 6.1, 1], ["cn_exports", "2024-09", 7.0, 1],
    ]  # fmt: skip
    pd.testing.assert_frame_equal(*told)


@pytest.mark.parametrize("form", ["%Y.%m", "%y.%m"])
def test_a_number_in_which_january_and_october_look_alike_is_no_month(home, form):
    first = 0 if form == "%Y.%m" else 2000
    months = [[2024.09 - first, 1.0], [2024.1 - first, 2.0], [2024.11 - first, 3.0], [f"{2024 - first}.10", 4.0]]
    told = {"period_format": form, "columns": {"period": "m", "value": "v"}}
    told |= {"constants": {"indicator": "steel", "measure": "ytd_yoy", "unit": "percent"}}
    result = home.pulling.take(Payload("import", "x.xlsx", NOW, workbook(["m", "v"], *months), {"mapping": told}))
    assert (result.new, result.quarantined) == (3, 1)
    assert home.store.as_of()[["period", "value"]].to_numpy().tolist() == [
        ["2024-09", 1.0], ["2024-10", 4.0], ["2024-11", 3.0],
    ]  # fmt: skip
    [aside] = home.aside()
    assert aside["place"] == "line 3"
    assert f"format the column of months as text and write {2024 - first}.01 or {2024 - first}.10" in aside["reason"]


ACROSS = """
skip = 2
across = "指标"
period_format = "%Y年%m月"
wide = [
  { column = "工业增加值_累计增长(%)", indicator = "cn_industrial_va", measure = "ytd_yoy" },
  { column = "稀土产量_累计值(万吨)", indicator = "steel", measure = "ytd_level", unit = "t" },
]
"""
DOWNLOAD = [
    ["数据库：月度数据"],
    ["时间：最近4个月"],
    ["指标", "2024年12月", "2024年11月", "2024年10月", "2024年1月"],
    ["工业增加值_同比增长(%)", 6.2, 5.4, 5.3, None],
    ["工业增加值_累计增长(%)", 5.8, 5.8, 6, None],
    ["稀土产量_累计值(万吨)", "1,250", 1143.5, 1040, None],
    ["注：2013年起1月不单独发布"],
    ["数据来源：国家统计局"],
]


def across(home, *rows, suffix: str = "xlsx", mapping: str = ACROSS):
    """Take a table in which months stand across."""
    text = "\n".join(",".join("" if cell is None else f'"{cell}"' for cell in row) for row in rows)
    body = workbook(*rows) if suffix == "xlsx" else text.encode("gb18030")
    told = ColumnMapping.model_validate(tomllib.loads(mapping)).model_dump(mode="json", exclude_defaults=True)
    return home.pulling.take(Payload("import", f"x.{suffix}", NOW, body, {"mapping": told}))


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_table_with_a_column_a_month_is_read_as_a_statistics_portal_saves_it(home, suffix):
    result = across(home, *DOWNLOAD, suffix=suffix)
    assert (result.status, result.new, home.aside()) == ("done", 6, [])
    assert home.store.as_of()[["indicator", "period", "value", "decimals"]].to_numpy().tolist() == [
        ["cn_industrial_va", "2024-10", 6.0, 1], ["cn_industrial_va", "2024-11", 5.8, 1],
        ["cn_industrial_va", "2024-12", 5.8, 1],
        ["steel", "2024-10", 1040.0, 0], ["steel", "2024-11", 1143.5, 1], ["steel", "2024-12", 1250.0, 0],
    ]  # fmt: skip


def test_a_row_that_is_not_there_or_cannot_be_used_is_named(home):
    refused = across(home, *DOWNLOAD[:5])
    assert refused.status == "failed"
    assert (
        "no row '稀土产量_累计值(万吨)', which the mapping names; there are 工业增加值_同比增长(%)" in refused.message
    )
    rows = [*DOWNLOAD[:4], [*DOWNLOAD[4][:2], "5.8?", *DOWNLOAD[4][3:]], [*DOWNLOAD[5][:4], "=1+4"]]
    assert across(home, *rows).new == 2
    assert [(row["place"], row["reason"].split(";")[0]) for row in home.aside()] == [
        ("line 5", "value is not a number"), ("line 6", "a formula")
    ]  # fmt: skip


def test_a_heading_that_is_no_month_is_no_figures_unless_a_column_of_ours(home):
    rows = [
        [*row, *more] for row, more in zip(DOWNLOAD, [[], [], ["单位"], ["%"], ["%"], ["万吨"], [], []], strict=True)
    ]
    result = across(home, *rows, mapping=f'{ACROSS}\ncolumns = {{ note = "单位" }}')
    assert (result.quarantined, set(home.store.as_of()["note"])) == (0, {"%", "万吨"})
    assert across(home, *rows).quarantined == 2
    assert {row["reason"].split(" ")[0] for row in home.aside()} == {"period"}


def test_a_heading_in_which_january_and_october_look_alike_refuses_the_table(home):
    rows = [["指标", 2024.09, 2024.1], ["工业增加值_累计增长(%)", 5.8, 5.8], ["稀土产量_累计值(万吨)", 1.5, 2.5]]
    mapping = ACROSS.replace("skip = 2", "").replace("%Y年%m月", "%Y.%m")
    refused = across(home, *rows, mapping=mapping)
    assert refused.status == "failed"
    assert "format the row of months as text and write 2024.01 or 2024.10" in refused.message
    words = f"{mapping}\ntranslate = {{ period = {{ October = '2024.10' }} }}"
    assert across(home, ["指标", 2024.09, "October"], *rows[1:], mapping=words).new == 4
    assert set(home.store.as_of()["period"]) == {"2024-09", "2024-10"}


def test_a_workbook_whose_first_sheet_is_a_cover_says_that_it_was_that_which_was_read(home):
    assert "the first visible sheet is read" in home.take("x.xlsx", workbook(["About this file"])).message


def sheets(**pages) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in pages.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
        page.sheet_state = "hidden" if title.startswith("old") else "visible"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_sheet_that_nobody_sees_is_not_read_for_the_first(home):
    stale = [COLUMNS, ["steel", "2024-03", "ytd_yoy", 9.9, "percent"]]
    result = home.take("x.xlsx", sheets(old=stale, now=[COLUMNS, ROW], notes=[["Percent on a year earlier"]]))
    assert (result.status, home.figures()) == ("done", {("steel", "2024-03"): 5.5})


def test_figures_on_further_sheets_are_said_not_to_have_been_read(home):
    later = [["Steel"], [], COLUMNS, ["steel", "2025-03", "ytd_yoy", 6.5, "percent"]]
    result = home.take("x.xlsx", sheets(y2024=[COLUMNS, ROW], y2025=later, old=later))
    assert home.figures() == {("steel", "2024-03"): 5.5}
    assert result.status == "partial"
    assert "x.xlsx: only the first visible sheet was read, not y2025; save each as a file" in result.message


def test_the_same_row_again_is_one_figure(home):
    result = home.take("x.csv", "\n".join([HEADER, *lines(GOOD), *lines(GOOD)]).encode())
    assert (result.status, result.new) == ("done", 3)


def test_a_chinese_spreadsheets_charset_is_read(home):
    body = "\n".join([HEADER, *(f"{row}钢铁" for row in lines(GOOD))]).encode("gb18030")
    assert home.take("x.csv", body).status == "done"
    assert set(home.store.as_of()["note"]) == {"钢铁"}


keys = st.tuples(st.sampled_from(["steel", "cement", "glass"]), st.sampled_from(
    [f"{year}-{month:02d}" for year in (2019, 2020, 2021) for month in range(1, 13)]
))  # fmt: skip
values = st.decimals(-99, 500, places=1).map(str)


@settings(max_examples=40)
@given(st.dictionaries(keys, values, min_size=1, max_size=40), st.lists(st.sampled_from(sorted(ROWS))), st.randoms())
def test_whatever_bad_rows_stand_between_good_ones_nothing_is_lost(good, kinds, random):
    rows = [*lines(good), *(ROWS[kind][0] for kind in kinds)]
    random.shuffle(rows)
    with tempfile.TemporaryDirectory() as folder, Home(Path(folder)) as home:
        result = home.take("x.csv", "\n".join([HEADER, *rows]).encode())
        assert home.figures() == numbers(good)
        assert result.new == len(good)
        assert result.quarantined == len(kinds) == len(home.aside())
