"""Users' files: what comes in is what was written, what is wrong is named by its line."""

import contextlib
import datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import forecasting.sources
from forecasting.errors import InputError
from forecasting.observations import check_observations, month_label
from forecasting.reference import load_observations
from forecasting.sources import read_observations, read_panel

HEADER = "indicator,period,measure,value,unit\n"


def write(folder: Path, data: str | bytes) -> Path:
    path = folder / "in.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def refusal(path: Path, reader=read_observations) -> list[str]:
    with pytest.raises(InputError) as caught:
        reader(path)
    return [line.removeprefix(f"{path}: ") for line in str(caught.value).splitlines()]


def test_the_public_face_is_complete_and_sorted():
    assert forecasting.sources.__all__ == sorted(forecasting.sources.__all__)
    assert all(hasattr(forecasting.sources, name) for name in forecasting.sources.__all__)


def test_decimals_are_counted_from_the_text(tmp_path: Path):
    path = write(tmp_path, HEADER + "a,2024-03,ytd_yoy,9.0,percent\na,2024-02,ytd_yoy,8.25,percent\n")
    frame = read_observations(path)
    assert frame["period"].tolist() == ["2024-02", "2024-03"]
    assert frame["decimals"].tolist() == [2, 1]


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_do_no_harm(tmp_path: Path):
    text = "\r\n" + HEADER.replace("\n", "\r\n") + "\r\na,2024-03,ytd_yoy,9.0,percent\r\n\r\n"
    frame = read_observations(write(tmp_path, b"\xef\xbb\xbf" + text.encode()))
    assert frame["value"].tolist() == [9.0]


def test_rows_without_a_word_do_no_harm(tmp_path: Path):
    blank = ",,,,\r\n , ,\r\n"
    text = blank + HEADER.replace("\n", "\r\n") + 'a,2024-03,ytd_yoy,9.0,percent\r\n"","\n"\r\n' + blank
    assert read_observations(write(tmp_path, text.encode()))["value"].tolist() == [9.0]


def test_line_numbers_are_true_after_quoted_line_breaks_and_blank_lines(tmp_path: Path):
    text = HEADER.replace("unit", "unit,note") + (
        'a,2024-03,ytd_yoy,9.0,percent,"two\nlines"\n\na,2024-13,ytd_yoy,9.0,percent,\na,2024-05,ytd_yoy,x,percent,\n'
    )
    problems = refusal(write(tmp_path, text))
    assert [problem.split(":")[0] for problem in problems] == ["line 2", "line 5", "line 6"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\n\n", "the file is empty"),
        (HEADER.encode(), "no rows"),
        (b"indicator,period\na,2024-01\n", "columns measure, value, unit missing"),
        (HEADER.encode() + b"a,2024-03,ytd_yoy,9.0\n", "line 2: 4 fields where the header has 5"),
        (HEADER.encode() + b"a,2024-03,ytd_yoy,9,0,percent\n", "line 2: 6 fields where the header has 5"),
        (HEADER.encode() + b'a,2024-03,ytd_yoy,"9.0,percent\n\n', "line 2: not CSV"),
        (HEADER.encode() + b'a,2024-03,ytd_yoy,"9"0,percent\n', "line 2: not CSV"),
        (HEADER.encode() + b"a,2024-03,ytd_yoy,\x009.0,percent\n", "line 2: a NUL byte"),
        (HEADER.encode() + b"a,2024-03,ytd_yoy,9.0,percent\xff\n", "line 2: byte 0xff is text in neither UTF-8 nor GB"),
        (HEADER.encode("utf-16"), "line 1: a NUL byte; this is not a text file, or in UTF-16"),
        (HEADER.replace(",", ";").encode(), "separate the columns by commas"),
        (b"sep=,\n" + HEADER.encode(), "line 1: 'sep=' is for spreadsheets; take the line out"),
        (b"sep=;\n" + HEADER.encode(), "line 1: 'sep=;' is for spreadsheets; take the line out"),
        (b"indicator,period,period,,unit\n", "line 1: column 4 has no name; name it or take it out"),
        (b"indicator,period,period,,unit\n", "line 1: column 'period' is given twice"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_place_and_remedy(tmp_path: Path, data: bytes, expected: str):
    assert any(expected in line for line in refusal(write(tmp_path, data)))
    assert refusal(write(tmp_path, data), read_panel)


def test_a_file_in_gb_18030_as_chinese_spreadsheets_write_is_read_and_said_to_be_so(tmp_path: Path, caplog):
    text = HEADER + "包头增加值,2024-03,ytd_yoy,9.0,percent\n"
    frame = read_observations(write(tmp_path, text.encode("gb18030")))
    assert frame["indicator"].tolist() == ["包头增加值"]
    assert "read as GB 18030" in caplog.text


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    for reader in (read_observations, read_panel):
        assert refusal(tmp_path / "absent.csv", reader) == ["no such file; check the path"]
        assert refusal(tmp_path, reader) == ["is a folder; give the path of a CSV file in it"]


def test_every_bad_row_is_named_not_only_the_first(tmp_path: Path):
    rows = [
        "a,2024-03,ytd_yoy,9.0,percent",
        "a,2024-03,ytd_yoy,9.1,percent",
        "a,2024-04,speed,1,percent",
        ",2024-04,ytd_yoy,,percent",
    ]
    problems = refusal(write(tmp_path, HEADER + "\n".join(rows)))
    assert "line 3: a 2024-03 ytd_yoy is given twice, first on line 2" in problems
    assert any(problem.startswith("line 4: measure 'speed' is unknown") for problem in problems)
    assert sum(problem.startswith("line 5: ") for problem in problems) == 2


def test_rows_that_are_none_and_rows_that_are_wrong_are_named_in_one_go(tmp_path: Path):
    rows = ["a,2024-02,ytd_yoy,9.0,percent", "a,2024-03,ytd_yoy", "a,2024-13,ytd_yoy,9.0,percent", 'a,2024-05,"9"0']
    problems = refusal(write(tmp_path, HEADER + "\n".join(rows)))
    assert [problem.split(":")[0] for problem in problems] == ["line 3", "line 4", "line 5"]
    panel = "unique_id,ds,y\na,2024-01,1\na,2024-02\na,2024-03,x\na,2024-04,4\n"
    problems = refusal(write(tmp_path, panel), read_panel)
    assert [problem.split(":")[0] for problem in problems] == ["line 3", "line 4"]


def test_what_spreadsheets_add_is_taken_off_as_in_an_imported_file(tmp_path: Path):
    good = 'a,2024-03-31,ytd_yoy,6.0%,percent\na,2024-04-01 00:00:00,ytd_level," 1,234.50 ",t\n'
    bad = 'a,2024-05,ytd_level,"1,5",t\n'
    assert refusal(write(tmp_path, HEADER + good + bad)) == [
        "line 4: value '1,5' is not a number; expected one like -1234.5"
    ]
    frame = read_observations(write(tmp_path, HEADER + good))
    assert frame[["period", "value", "decimals"]].to_numpy().tolist() == [["2024-03", 6.0, 1], ["2024-04", 1234.5, 2]]


def test_a_period_that_cannot_have_been_published_is_named_before_it_makes_a_grid_of_centuries(tmp_path: Path):
    rows = "".join(f"a,{period},ytd_yoy,9.0,percent\n" for period in ("2024-02", "2204-03", "0205-03"))
    problems = refusal(write(tmp_path, HEADER + rows))
    assert problems[0].startswith("line 3: period '2204-03' is before 1900 or after 20")
    assert problems[1].startswith("line 4: period '0205-03' is before 1900")
    ahead = f"{datetime.datetime.now(datetime.UTC).year + 10}-03"  # made up, which is a use too
    assert len(read_observations(write(tmp_path, HEADER + f"a,{ahead},ytd_yoy,9.0,percent\n"))) == 1


def test_the_reference_figures_survive_a_file(tmp_path: Path):
    frame = load_observations()
    path = tmp_path / "out.csv"
    frame.to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_observations(path), frame)


text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12).map(str.strip)
names = text.filter(bool)
months = st.integers(1950 * 12, 2025 * 12)
moments = st.none() | st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2100, 1, 1))
tenths = st.integers(-999, 10**7)
floats = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def canonical(draw: st.DrawFn) -> pd.DataFrame:
    keys = st.tuples(names, months, st.sampled_from(["ytd_yoy", "month_yoy", "ytd_level"]))
    rows = []
    for name, month, measure in draw(st.lists(keys, min_size=1, max_size=8, unique=True)):
        level = measure.endswith("level")
        value = draw(tenths) / 10
        moment = draw(moments)
        rows.append(
            {
                "indicator": name,
                "period": month_label(month),
                "measure": measure,
                "value": f"{abs(value) if level else value:.1f}",
                "unit": "t" if level else "percent",
                "released_at": moment.isoformat() if moment else "",
                "note": draw(text),
            }
        )
    return check_observations(pd.DataFrame(rows))


@given(canonical())
def test_any_canonical_frame_survives_a_file(tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame):
    path = tmp_path_factory.mktemp("figures") / "in.csv"
    frame.to_csv(path, index=False, lineterminator="\r\n")
    pd.testing.assert_frame_equal(read_observations(path), frame)


@given(st.binary(max_size=200))
def test_no_bytes_lead_to_another_error_than_a_refusal(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    path = write(tmp_path_factory.mktemp("bytes"), data)
    for reader in (read_observations, read_panel):
        with pytest.raises(InputError):
            reader(path)


@given(st.text('uniqe_d,sy\n\r"12-034.', max_size=80))
def test_no_rows_under_a_good_header_lead_to_another_error_than_a_refusal(tmp_path_factory, rows: str):
    path = write(tmp_path_factory.mktemp("rows"), "unique_id,ds,y\n" + rows)
    with contextlib.suppress(InputError):
        assert len(read_panel(path)) > 0


def panel(months: range, name: str = "a", *, skip: tuple[int, ...] = ()) -> str:
    rows = [f"{name},{month_label(month)}-01,{month}.5" for month in months if month not in skip]
    return "unique_id,ds,y\n" + "\n".join(rows) + "\n"


def test_a_panel_is_sorted_and_dated_at_the_first_of_the_month(tmp_path: Path):
    text = "y,ds,unique_id\n2,2024-02-29,b\n1.5e1,2024-01,b\n-3,2024-05-31 00:00:00, a \n"
    frame = read_panel(write(tmp_path, text))
    assert frame["unique_id"].tolist() == ["a", "b", "b"]
    assert frame["ds"].tolist() == [
        pd.Timestamp(2024, 5, 1),
        pd.Timestamp(2024, 1, 1),
        pd.Timestamp(2024, 2, 1),
    ]
    assert frame["y"].tolist() == [-3.0, 15.0, 2.0]
    assert frame.dtypes.map(str).to_dict() == {"unique_id": "object", "ds": "datetime64[ns]", "y": "float64"}


def test_a_series_without_any_january_is_whole(tmp_path: Path):
    months = range(2020 * 12 + 1, 2023 * 12)
    januaries = (2021 * 12, 2022 * 12)
    assert len(read_panel(write(tmp_path, panel(months, skip=januaries)))) == 33


@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        ((2021 * 12,), "line 13: a has no value for 2021-01; give every month"),
        ((2021 * 12, 2022 * 12, 2022 * 12 + 1), "line 24: a has no value for 2022-02; give every month"),
        ((2021 * 12 + 4, 2021 * 12 + 5), "line 17: a has no value for 2021-05 to 2021-06; give every month"),
    ],
)
def test_a_gap_inside_a_series_is_named_where_it_ends(tmp_path: Path, skip: tuple[int, ...], expected: str):
    problems = refusal(write(tmp_path, panel(range(2020 * 12 + 1, 2023 * 12), skip=skip)), read_panel)
    assert len(problems) == 1
    assert problems[0].startswith(expected)


def test_the_long_minus_of_typography_is_a_minus(tmp_path: Path):
    figures = read_observations(write(tmp_path, HEADER + "a,2024-03,ytd_yoy,\u22123.1%,percent\n"))
    assert figures["value"].item() == -3.1
    panel = read_panel(write(tmp_path, "unique_id,ds,y\na,2024-01,\u22123.1\n"))
    assert panel["y"].item() == -3.1


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "a,2024-01-01,1\na,2024-01-31,2",
            "line 3: a second value of a for 2024-01, first on line 2; give one a month",
        ),
        ("a,2024-01-01,nan", "line 2: y 'nan' is not a finite number; every month needs a value"),
        ("a,2024-01-01,1e999", "line 2: y '1e999' is not a finite number; every month needs a value"),
        ('a,2024-01-01,"100,5"', "line 2: y '100,5' is not a number like -1234.5; every month needs a value"),
        ("a,2024-01-01,6.1%", "line 2: y '6.1%' is not a number like -1234.5; every month needs a value"),
        ("a,2024-01-01,(3.1)", "line 2: y '(3.1)' is not a number like -1234.5; every month needs a value"),
        ("a,2024-01-01,", "line 2: y is empty; every month needs a value"),
        ("a,2024-02-30,1", "line 2: ds '2024-02-30' is not a date like 2024-03-01 or a month like 2024-03"),
        ("a,01/02/2024,1", "line 2: ds '01/02/2024' is not a date like 2024-03-01 or a month like 2024-03"),
        ("a,9999-01-01,1", "line 2: ds '9999-01-01' is not a date like 2024-03-01 or a month like 2024-03"),
        (",2024-01-01,1", "line 2: unique_id is empty"),
    ],
)
def test_a_bad_row_of_a_panel_is_named(tmp_path: Path, rows: str, expected: str):
    assert refusal(write(tmp_path, f"unique_id,ds,y\n{rows}\n"), read_panel) == [expected]


def test_a_table_of_another_separator_is_refused_by_its_header_alone(tmp_path: Path):
    table = "unique_id;ds;y\n" + "".join(f"a;2024-{month:02d};{month},5\n" for month in range(1, 13))
    (problem,) = refusal(write(tmp_path, table), read_panel)
    assert problem == "line 1: one column 'unique_id;ds;y'; separate the columns by commas"


def test_a_panel_has_exactly_its_three_columns(tmp_path: Path):
    assert refusal(write(tmp_path, "unique_id,ds,value\na,2024-01,1\n"), read_panel) == [
        "column y missing; expected unique_id, ds, y",
        "column value unknown; expected unique_id, ds, y",
    ]


@given(st.dictionaries(names, st.tuples(months, st.lists(floats, min_size=1, max_size=30)), min_size=1, max_size=4))
def test_any_panel_survives_a_file(tmp_path_factory: pytest.TempPathFactory, series: dict):
    frame = pd.DataFrame(
        [
            (name, pd.Timestamp(f"{month_label(start + n)}-01"), value)
            for name, (start, values) in sorted(series.items())
            for n, value in enumerate(values)
        ],
        columns=["unique_id", "ds", "y"],
    )
    path = tmp_path_factory.mktemp("panel") / "in.csv"
    frame.to_csv(path, index=False, lineterminator="\r\n")
    pd.testing.assert_frame_equal(read_panel(path), frame)
