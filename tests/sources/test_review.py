"""The review file: what a person wrote stays, rows are added once, and confirmed rows become rows of a reading."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from forecasting.catalog import load_catalog
from forecasting.errors import InputError
from forecasting.payloads import Payload
from forecasting.settings import Settings
from forecasting.sources import Connectors
from forecasting.sources._bulletins import Bulletins
from forecasting.sources._review import COLUMNS, ReviewFile
from forecasting.sources.bulletin import figures_csv, read_bulletin

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
TEXT = "2025年1—11月，包头市稀土产业增加值增长20%左右，氟化工产业增加值增长1.6倍左右，部分蒙古刀产量增长5.0%。"
ANSWER, CATALOG = COLUMNS[0], load_catalog()


def doubtful(text: str = TEXT, name: str = "b.txt") -> list[dict[str, str]]:
    return Bulletins(Path(), 1).read(Payload("bulletin", name, NOW, text.encode()), CATALOG).doubtful


def table(path: Path, encoding: str = "utf-8-sig") -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding)


def answered(answers: dict[int, str], **corrections: str) -> bytes:
    """A review of `TEXT` with answers by row, and corrections of the first row."""
    frame = pd.DataFrame(doubtful(), dtype=object)
    for row, answer in answers.items():
        frame.loc[row, ANSWER] = answer
    for column, text in corrections.items():
        frame.loc[0, column] = text
    return figures_csv(frame)


def imported(body: bytes, name: str = "review.csv"):
    return Connectors(Settings()).files().read(Payload("import", name, NOW, body), CATALOG)


def figures(body: bytes, name: str = "review.csv") -> list[tuple[str, ...]]:
    rows = imported(body, name).rows
    return list(zip(*(rows[name] for name in ("indicator", "period", "value", "decimals", "unit")), strict=True))


@pytest.fixture
def review(tmp_path):
    return ReviewFile(tmp_path / "var" / "review.csv")


def test_doubtful_figures_are_rows_with_sentence_reason_and_an_empty_answer(review):
    assert review.add(doubtful()) == 3
    assert review.path.read_bytes().startswith(b"\xef\xbb\xbfconfirmed,")
    rows = table(review.path)
    assert tuple(rows.columns) == COLUMNS
    assert rows["value"].tolist() == ["20", "160", "5.0"]
    assert rows["decimals"].tolist() == ["0", "-1", "1"]
    assert set(rows[ANSWER]) == {""}
    assert set(rows["sentence"]) == {TEXT}
    assert review.waiting() == 3


def test_the_same_rows_are_added_once_and_answers_and_corrections_stay_byte_for_byte(review):
    review.add(doubtful())
    text = review.path.read_text(encoding="utf-8-sig")
    text = text.replace("\n,", "\nyes,", 1).replace(",20,percent", ",20.4,percent").replace("2025-11", "2025-10", 1)
    review.path.write_text(text, encoding="utf-8-sig")
    before = review.path.read_bytes()
    assert review.add(doubtful()) == 0
    assert review.add(doubtful(name="copy.md")) == 0
    assert review.path.read_bytes() == before
    assert review.waiting() == 2
    assert review.add(doubtful(TEXT.replace("20%", "30%"))) == 3  # other sentences
    assert review.path.read_bytes().startswith(before)
    assert len(table(review.path)) == 6


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_that_a_spreadsheet_saved_anew_is_gone_on_with_as_it_is(review, encoding):
    review.add(doubtful())
    rows = table(review.path)[[*reversed(COLUMNS)]].assign(note_of_mine="x")
    review.path.write_bytes(rows.to_csv(index=False, lineterminator="\r\n").rstrip().encode(encoding))
    before = review.path.read_bytes()
    assert review.add([*doubtful(), *doubtful(TEXT.replace("20%", "30%"))]) == 3
    assert review.path.read_bytes().startswith(before + b"\n")
    again = table(review.path, encoding)
    assert again["value"].tolist() == ["20", "160", "5.0", "30", "160", "5.0"]
    assert again["note_of_mine"].tolist() == ["x"] * 3 + [""] * 3


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"confirmed,region\nyes,CN\n", "line 1: column indicator, period, .*id is missing"),
        (",".join(COLUMNS).encode() + b'\nyes,"CN\n', "line 2: not CSV"),
        (b"\0", "NUL byte"),
        (b"\xff\xff\xff\n", "neither UTF-8 nor GB 18030"),
    ],
)
def test_a_file_that_cannot_be_gone_on_with_is_left_alone(review, body, what):
    review.path.parent.mkdir()
    review.path.write_bytes(body)
    with pytest.raises(InputError, match=what):
        review.add(doubtful())
    with pytest.raises(InputError, match=what):
        review.waiting()
    assert review.path.read_bytes() == body


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "var").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot be written: .*sources\.review names another"):
        ReviewFile(tmp_path / "var" / "review.csv").add(doubtful())


def test_no_cell_is_a_formula(review):
    review.add(doubtful(f"=HYPERLINK(1)，{TEXT}"))
    assert all(cell.startswith("'=") for cell in table(review.path)["sentence"])
    body = review.path.read_bytes().replace(b"\n,", b"\nyes,", 1)
    assert imported(body).rows["note"].item().startswith("=HYPERLINK")


def test_confirmed_rows_are_read_with_the_bulletins_name_and_the_others_passed_over():
    found = imported(answered({0: "yes", 1: "no"}))
    row = found.rows.iloc[0]
    assert (row["indicator"], row["value"], row["where"]) == ("baotou_rare_earth_va", "20", "line 2")
    assert (row["source"], row["note"]) == ("bulletin b.txt confirmed by hand", TEXT)
    assert (len(found.rows), found.bad) == (1, [])


@pytest.mark.parametrize(
    ("corrections", "figure"),
    [
        ({}, ("baotou_rare_earth_va", "2025-11", "20", "0", "percent")),
        ({"value": "20.4"}, ("baotou_rare_earth_va", "2025-11", "20.4", "1", "percent")),
        ({"value": "20", "decimals": "1"}, ("baotou_rare_earth_va", "2025-11", "20", "1", "percent")),
        ({"period": "Oct-25"}, ("baotou_rare_earth_va", "2025-10", "20", "0", "percent")),
        ({"period": "2025年9月"}, ("baotou_rare_earth_va", "2025-09", "20", "0", "percent")),
        ({"period": "2025/9/1"}, ("baotou_rare_earth_va", "2025-09", "20", "0", "percent")),
        ({"indicator": "cn_magnet_exports", "measure": "ytd_level", "value": "0.58", "unit": "万吨", "decimals": "2"},
         ("cn_magnet_exports", "2025-11", "5800", "-2", "t")),
        ({"indicator": "cn_magnet_exports", "region": "CN", "measure": "ytd_level", "value": "x", "unit": "万吨"},
         ("cn_magnet_exports", "2025-11", "x", "0", "万吨")),
        ({"indicator": "my_own", "measure": "ytd_level", "value": "5", "unit": "carts"},
         ("my_own", "2025-11", "5", "0", "carts")),
    ],
)  # fmt: skip
def test_a_person_may_correct_a_row_and_a_spreadsheet_may_have_touched_it(corrections, figure):
    assert figures(answered({0: "是"}, **corrections)) == [figure]


def test_a_multiple_stays_as_rough_as_it_was_and_a_corrected_one_is_as_fine_as_written():
    assert figures(answered({1: "x"}))[0][2:4] == ("160", "-1")
    body = answered({1: "x"}).replace(b",160,", b",162,")
    assert figures(body)[0][2:4] == ("162", "0")


def test_what_cannot_be_used_is_put_aside_by_its_line():
    found = imported(answered({0: "perhaps", 1: "yes"}))
    assert [(one.where, one.reason) for one in found.bad] == [("line 2", "confirmed 'perhaps' is neither yes nor no")]
    assert len(found.rows) == 1
    unit = imported(answered({0: "yes"}, indicator="cn_magnet_exports", measure="ytd_level", unit="辆"))
    assert "unit '辆' cannot be converted" in unit.bad[0].reason


def test_nothing_confirmed_and_strange_columns_are_refused():
    with pytest.raises(InputError, match="no row is confirmed; write yes into the column confirmed"):
        imported(answered({}))
    with pytest.raises(InputError, match="columns indicator, period"):
        imported(b"confirmed,what\nyes,x\n")


def test_what_read_bulletin_writes_can_be_answered_too():
    _, frame = read_bulletin(TEXT, source="b.txt")
    frame.loc[0, "confirmed"] = "yes"
    assert figures(figures_csv(frame)) == [("baotou_rare_earth_va", "2025-11", "20", "0", "percent")]


def test_a_review_saved_as_a_workbook_is_read():
    frame = pd.DataFrame(doubtful(), dtype=object)
    book = openpyxl.Workbook()
    book.active.append(list(frame.columns))
    for row in frame.itertuples(index=False):
        book.active.append(["yes", *row[1:3], dt.datetime(2025, 11, 1), *row[4:]])
    level = {"confirmed": "yes", "indicator": "cn_magnet_exports", "period": "2025-11", "measure": "ytd_level",
             "value": 0.58, "unit": "万吨", "decimals": 2}  # fmt: skip
    book.active.append([level.get(column, "") for column in frame.columns])
    file = io.BytesIO()
    book.save(file)
    told = figures(file.getvalue(), "review.xlsx")
    assert told[0] == ("baotou_rare_earth_va", "2025-11", "20", "0", "percent")
    assert told[-1] == ("cn_magnet_exports", "2025-11", "5800", "-2", "t")
