"""Bulletin files in, CSV files out, a person's answers back in."""

import csv
import io

import pandas as pd
import pytest

from forecasting.errors import InputError
from forecasting.observations import check_observations
from forecasting.sources.bulletin import confirmed, figures_csv, read_bulletin, read_bulletin_file

TEXT = "2025年1—11月，包头市规模以上工业增加值同比下降1.30%，稀土产业增加值增长20%左右，部分蒙古刀产量增长5.0%。"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_file_is_read_in_the_encodings_that_bureaus_use(tmp_path, encoding):
    path = tmp_path / "bulletin.txt"
    path.write_bytes(TEXT.encode(encoding))
    sure, doubtful = read_bulletin_file(path)
    assert sure["value"].to_list() == ["-1.30"]
    assert doubtful["source"].to_list() == ["bulletin.txt"] * 2


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "not a text"),
        (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (b"a\0b", "neither UTF-8 nor GB18030"),
        (None, "no such file"),
    ],
)
def test_a_file_that_is_no_text_is_refused_by_name(tmp_path, data, what):
    path = tmp_path / "bulletin.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=f"bulletin.txt.*{what}"):
        read_bulletin_file(path)


def test_a_file_without_a_figure_is_said(tmp_path, caplog):
    path = tmp_path / "english.txt"
    path.write_text("In the first eleven months of 2025 value added in Baotou was up 11.3 percent.", encoding="utf-8")
    assert all(frame.empty for frame in read_bulletin_file(path))
    assert "english.txt: no figure found; expected a bulletin in Chinese" in caplog.text


def test_values_keep_their_decimals_and_no_cell_is_a_formula():
    sure, _ = read_bulletin(TEXT.replace("2025年", "=2025年"), source="x")
    rows = list(csv.reader(io.StringIO(figures_csv(sure).decode())))
    assert rows[0] == ["region", "indicator", "period", "measure", "value", "unit", "sentence"]
    assert rows[1][4] == "-1.30"
    assert rows[1][6].startswith("'=")


def test_confirmed_rows_become_observations():
    _, doubtful = read_bulletin(TEXT, source="bulletin.txt")
    review = pd.read_csv(io.BytesIO(figures_csv(doubtful)), dtype=str, keep_default_na=False)
    assert (review["confirmed"] == "").all()
    review.loc[0, "confirmed"] = "yes"
    review.loc[1, "confirmed"] = "no"
    observations = confirmed(review)
    assert observations[["indicator", "period", "measure", "value", "decimals"]].to_numpy().tolist() == [
        ["baotou_rare_earth_va", "2025-11", "ytd_yoy", 20.0, 0]
    ]
    assert observations["source"].item() == "bulletin.txt"
    assert observations["note"].item() == TEXT
    check_observations(observations)


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("confirmed", "perhaps", "line 7: confirmed 'perhaps' is neither yes nor no"),
        ("confirmed", "", "no row is confirmed"),
        ("period", "2025-13", "line 7: period '2025-13'"),
        ("value", "", "line 7: value is empty"),
    ],
)
def test_a_review_that_cannot_be_used_is_refused_by_line(column, value, what):
    _, doubtful = read_bulletin(TEXT, source="bulletin.txt")
    review = doubtful.iloc[:1].assign(**{"confirmed": "yes", column: value})
    with pytest.raises(InputError, match=what):
        confirmed(review, lines=[7])


def test_a_review_without_its_columns_is_refused():
    with pytest.raises(InputError, match="confirmed missing"):
        confirmed(pd.DataFrame({"indicator": ["a"], "period": ["2025-11"], "measure": ["ytd_yoy"],
                                "value": ["1"], "unit": ["percent"]}))  # fmt: skip
