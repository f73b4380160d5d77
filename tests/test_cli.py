import os
import subprocess

import numpy as np
import pandas as pd
import pytest

from tests.commands import run_cumulus as cumulus
from tests.decumulation.publication import levels, publish

RNG = np.random.default_rng(3)


@pytest.fixture
def rates(tmp_path):
    growth = 0.06 + 0.01 * RNG.standard_normal((6, 12))
    path = tmp_path / "rates.csv"
    publish(levels(growth, np.full(12, 100.0)), merged=True).drop(columns="family").to_csv(path, index=False)
    return path


def done(*arguments: object) -> subprocess.CompletedProcess[str]:
    result = cumulus(*arguments)
    assert result.returncode == 0, result.stderr
    return result


def test_decumulate_writes_the_months_and_the_draws(rates, tmp_path):
    out, draws = tmp_path / "months.csv", tmp_path / "draws.npz"
    done("decumulate", rates, "-o", out, "--draws-out", draws, "--draws", 100, "--seed", 7)
    months = pd.read_csv(out)
    assert list(months.columns) == ["indicator", "month", "months", "level", "yoy", "yoy_sd", "yoy_q05", "yoy_q95",
                                    "set_low", "set_high", "status", "flag"]  # fmt: skip
    assert len(months) == 72
    with np.load(draws, allow_pickle=False) as kept:
        assert kept["x.yoy"].shape == (100, 72)
        assert kept["x.months"][0] == "2010-01"
    first = out.read_bytes()
    done("decumulate", rates, "-o", out, "--draws", 100, "--seed", 7)
    assert out.read_bytes() == first


def test_decumulate_draws_the_months_by_the_ending_of_the_picture_s_name(rates, tmp_path):
    out, png, page = tmp_path / "out.csv", tmp_path / "out.png", tmp_path / "out.HTML"
    done("decumulate", rates, "-o", out, "--plot", png, "--draws", 100)
    done("decumulate", rates, "-o", out, "--plot", page, "--draws", 100)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.HTML", "out.csv", "out.png", "rates.csv"]


def test_a_picture_that_cannot_be_made_is_refused_before_anything_is_written(rates, tmp_path):
    many = tmp_path / "many.csv"
    table = pd.read_csv(rates, dtype=str)
    pd.concat([table.assign(indicator=f"x{k}") for k in range(25)]).to_csv(many, index=False)
    for source, picture, expected in (
        (rates, "out.pdf", "must end in .png or .html"),
        (many, "out.png", "a .png picture holds 24 panels, an .html one 200, not 25"),
        (rates, "no/out.png", "cannot be written"),
    ):
        result = cumulus("decumulate", source, "-o", tmp_path / "out.csv", "--plot", tmp_path / picture, "--draws", 50)
        assert result.returncode == 1
        assert expected in result.stderr
        assert "Traceback" not in result.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == ["many.csv", "rates.csv"]


def test_decumulate_writes_seasonally_adjusted_levels_and_names_those_that_have_none(rates, tmp_path):
    out, adjusted, source = tmp_path / "out.csv", tmp_path / "adjusted.csv", tmp_path / "both.csv"
    done("decumulate", rates, "-o", out, "--adjusted-out", adjusted, "--draws", 100)
    table = pd.read_csv(adjusted)
    assert list(table.columns) == ["indicator", "month", "months", "adjusted", "q05", "q95", "seasonal"]
    assert len(table) == 66
    months = pd.read_csv(rates, dtype=str)
    short = months[months["period"] < "2012"].assign(indicator="short")
    pd.concat([months, short]).to_csv(source, index=False)
    degraded = cumulus("decumulate", source, "-o", out, "--adjusted-out", adjusted, "--draws", 100)
    assert degraded.returncode == 3
    assert "short: seasonal adjustment needs 3 unbroken years, it has 2.0" in degraded.stderr
    assert set(pd.read_csv(adjusted)["indicator"]) == {"x"}


def test_months_that_are_too_few_to_be_adjusted_are_written_all_the_same(rates, tmp_path):
    out, adjusted, source = tmp_path / "out.csv", tmp_path / "adjusted.csv", tmp_path / "short.csv"
    months = pd.read_csv(rates, dtype=str)
    months[months["period"] < "2012"].to_csv(source, index=False)
    degraded = cumulus("decumulate", source, "-o", out, "--adjusted-out", adjusted, "--draws", 100)
    assert degraded.returncode == 3
    assert "x: seasonal adjustment needs 3 unbroken years, it has 2.0" in degraded.stderr
    assert len(pd.read_csv(out)) == 24
    assert not adjusted.exists()


def test_the_way_of_adjusting_without_a_place_for_it_is_wrong_usage(rates, tmp_path):
    result = cumulus("decumulate", rates, "-o", tmp_path / "out.csv", "--adjust", "x13")
    assert result.returncode == 2
    assert not (tmp_path / "out.csv").exists()


def test_two_outputs_in_one_file_are_wrong_usage(rates, tmp_path):
    out = tmp_path / "out.csv"
    result = cumulus("decumulate", rates, "-o", out, "--adjusted-out", tmp_path / "." / "out.csv")
    assert result.returncode == 2
    assert "two outputs go to one file" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize("command", [("decumulate",), ("headline", "--horizon", 3), ("forecast", "--horizon", 3)])
def test_an_output_in_place_of_the_input_is_wrong_usage(rates, command):
    before = rates.read_bytes()
    result = cumulus(command[0], rates, "-o", rates.parent / "." / rates.name, *command[1:])
    assert result.returncode == 2
    assert "would replace the input" in result.stderr
    assert rates.read_bytes() == before


def test_decumulate_takes_base_weights_from_a_file(rates, tmp_path):
    weights = tmp_path / "weights.csv"
    weights.write_text("indicator,month,weight\n" + "".join(f"x,{m},{50 + 10 * m}\n" for m in range(1, 13)))
    out, flat = tmp_path / "out.csv", tmp_path / "flat.csv"
    done("decumulate", rates, "-o", out, "--weights", weights, "--draws", 100)
    done("decumulate", rates, "-o", flat, "--weights", "equal", "--draws", 100)
    assert not np.allclose(pd.read_csv(out)["yoy"].dropna(), pd.read_csv(flat)["yoy"].dropna())
    weights.write_text("indicator,month,weight\nx,1,5\nx,13,5\n")
    bad = cumulus("decumulate", rates, "-o", out, "--weights", weights)
    assert bad.returncode == 1
    assert "line 3: month '13'" in bad.stderr
    out.unlink()
    weights.write_text("indicator,month,weight\n" + "".join(f"y,{m},5\n" for m in range(1, 13)))
    stray = cumulus("decumulate", rates, "-o", out, "--weights", weights)
    assert stray.returncode == 1
    assert "weights: no indicator 'y' in the table; known are x" in stray.stderr
    assert not out.exists()


def test_headline_writes_quantiles_of_the_next_releases_and_the_odds_of_the_first(rates, tmp_path):
    out, pmf = tmp_path / "headline.csv", tmp_path / "pmf.csv"
    done("headline", rates, "-o", out, "--horizon", 3, "--pmf-out", pmf, "--draws", 200)
    table, odds = pd.read_csv(out), pd.read_csv(pmf)
    assert list(table.columns) == ["indicator", "origin", "period", "mean", "q05", "q25", "q50", "q75", "q95"]
    assert table["period"].tolist() == ["2016-02", "2016-03", "2016-04"]
    assert set(table["origin"]) == {"2015-12"}
    assert list(odds.columns) == ["indicator", "period", "value", "probability"]
    assert odds["probability"].sum() == pytest.approx(1, abs=1e-6)
    assert set(odds["period"]) == {"2016-02"}


@pytest.mark.parametrize("command", ["headline", "forecast"])
def test_what_is_to_come_can_be_looked_at(command, rates, tmp_path):
    out, png, page = tmp_path / "out.csv", tmp_path / "out.png", tmp_path / "out.html"
    source = rates
    if command == "forecast":
        source = tmp_path / "panel.csv"
        ds = pd.date_range("2020-01-01", periods=30, freq="MS").strftime("%Y-%m-%d")
        pd.DataFrame({"unique_id": "a", "ds": ds, "y": np.arange(30.0)}).to_csv(source, index=False)
    done(command, source, "-o", out, "--horizon", 3, "--draws", 100, "--plot", png)
    done(command, source, "-o", out, "--horizon", 3, "--draws", 100, "--plot", page)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    refused = cumulus(command, source, "-o", tmp_path / "no.csv", "--horizon", 3, "--plot", tmp_path / "a.pdf")
    assert refused.returncode == 1
    assert "a.pdf: a picture's name must end in .png or .html" in refused.stderr
    assert not (tmp_path / "no.csv").exists()


def test_headline_takes_a_lone_indicator_of_a_few_figures(rates, tmp_path):
    few, out = tmp_path / "few.csv", tmp_path / "out.csv"
    table = pd.read_csv(rates, dtype=str)
    table[table["period"].isin(["2015-06", "2015-09"])].to_csv(few, index=False)
    done("headline", few, "-o", out, "--horizon", 2, "--draws", 100)
    assert pd.read_csv(out)["period"].tolist() == ["2015-10", "2015-11"]


def test_forecast_writes_one_row_a_step_by_the_chosen_model(tmp_path):
    months = pd.date_range("2015-01-01", periods=96, freq="MS")
    y = 100 * np.exp(0.004 * np.arange(96) + 0.1 * np.sin(np.arange(96) * np.pi / 6))
    panel, out = tmp_path / "panel.csv", tmp_path / "out.csv"
    pd.DataFrame({"unique_id": "s", "ds": months.strftime("%Y-%m-%d"), "y": y}).to_csv(panel, index=False)
    done("forecast", panel, "-o", out, "--horizon", 4, "--draws", 200)
    table = pd.read_csv(out)
    quantiles = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
    assert list(table.columns) == ["unique_id", "ds", "model", "mean", *quantiles]
    assert table["ds"].tolist() == ["2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01"]
    assert (np.diff(table[quantiles], axis=1) >= 0).all()


def test_forecast_takes_a_preset_and_a_calendar_and_refuses_others(tmp_path):
    months = pd.date_range("2017-01-01", periods=60, freq="MS")
    panel, out = tmp_path / "panel.csv", tmp_path / "out.csv"
    pd.DataFrame({"unique_id": "s", "ds": months.strftime("%Y-%m"), "y": 5.0}).to_csv(panel, index=False)
    fast = done("forecast", panel, "-o", out, "--horizon", 2, "--draws", 100, "--preset", "fast")
    assert "arima" not in fast.stderr
    china = done("forecast", panel, "-o", out, "--horizon", 2, "--draws", 100, "--calendar", "china")
    assert "left out, arima: the series is constant" in china.stderr
    assert "left out, sarimax_calendar: the series is constant" in china.stderr
    np.testing.assert_allclose(pd.read_csv(out)["q50"], 5.0)
    assert cumulus("forecast", panel, "-o", out, "--horizon", 2, "--preset", "slow").returncode == 2
    assert cumulus("forecast", panel, "-o", out, "--horizon", 2, "--calendar", "moon").returncode == 2


HEADER = "indicator,period,measure,value,unit\n"
GOOD = "x,2025-02,ytd_yoy,7.0,percent\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("indicator,period,measure,unit\nx,2025-02,ytd_yoy,percent\n", "column value missing"),
        (HEADER + GOOD + "x,2025-03,ytd_yoy,n/a,percent\n", "line 3: value 'n/a' is not a number"),
        (HEADER + GOOD + GOOD, "line 3: x 2025-02 ytd_yoy is given twice, first on line 2"),
        (HEADER + "x,2025-02,growth,7.0,percent\n", "line 2: measure 'growth' is unknown"),
        ("", "the file is empty"),
        (HEADER + "x,2025-13,ytd_yoy,7.0,percent\n", "line 2: period '2025-13'"),
    ],
)
@pytest.mark.parametrize("command", ["decumulate", "headline"])
def test_bad_input_gets_its_line_exit_1_and_nothing_written(tmp_path, command, text, expected):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, encoding="utf-8")
    out.write_text("before", encoding="utf-8")
    more = ["--horizon", 2] if command == "headline" else []
    result = cumulus(command, source, "-o", out, *more)
    assert result.returncode == 1
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert out.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_an_output_folder_that_does_not_exist_is_named_and_nothing_is_left(rates, tmp_path):
    result = cumulus("decumulate", rates, "-o", tmp_path / "no" / "out.csv", "--draws", 50)
    assert result.returncode == 1
    assert "cannot be written: no folder" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("a.pdf", "a.pdf: a picture's name must end in .png or .html"),
        ("no/a.png", "a.png: cannot be written: no folder"),
        (f"{'a' * 251}.png", "a.png: cannot be written: File name too long"),
    ],
)
@pytest.mark.parametrize("command", ["decumulate", "headline", "forecast"])
def test_a_picture_that_cannot_be_written_is_refused_before_the_table_is_read(command, picture, expected, tmp_path):
    absent, more = tmp_path / "absent.csv", [] if command == "decumulate" else ["--horizon", 2]
    result = cumulus(command, absent, "-o", tmp_path / "out.csv", *more, "--plot", tmp_path / picture)
    assert result.returncode == 1
    assert expected in result.stderr
    assert str(absent) not in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_a_folder_is_refused(rates, tmp_path):
    result = cumulus("headline", rates, "-o", tmp_path, "--horizon", 2)
    assert result.returncode == 1
    assert f"{tmp_path}: is a folder; name a file in it" in result.stderr


def test_an_output_that_is_a_link_stays_one_and_its_file_is_written(rates, tmp_path):
    file, link, nowhere = tmp_path / "there" / "out.csv", tmp_path / "out.csv", tmp_path / "nowhere.csv"
    file.parent.mkdir()
    file.touch()
    link.symlink_to(file)
    done("decumulate", rates, "-o", link, "--draws", 50)
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8").startswith("indicator,month,")
    assert list(file.parent.iterdir()) == [file]
    nowhere.symlink_to(tmp_path / "no" / "out.csv")
    assert f"no folder {tmp_path / 'no'}" in cumulus("decumulate", rates, "-o", nowhere, "--draws", 50).stderr


def test_an_output_that_is_no_file_is_written_into(rates, tmp_path):
    stdout, out = tmp_path / "stdout", tmp_path / "out.csv"
    stdout.symlink_to("/proc/self/fd/1")
    said = done("decumulate", rates, "-o", stdout, "--draws", 50).stdout
    assert stdout.is_symlink()
    done("decumulate", rates, "-o", out, "--draws", 50)
    assert said == out.read_text(encoding="utf-8")


def test_a_dash_is_no_output_and_the_message_says_what_is_standard_output(rates, tmp_path):
    result = cumulus("decumulate", rates, "-o", "-", "--draws", 50)
    assert result.returncode == 1
    assert "-: is no file's name; /dev/stdout is standard output" in result.stderr


def test_a_table_in_gb_18030_is_read_and_said_to_be_so(rates, tmp_path):
    table = tmp_path / "in.csv"
    table.write_bytes(rates.read_text(encoding="utf-8").replace("\nx,", "\n增加值,").encode("gb18030"))
    result = done("decumulate", table, "-o", tmp_path / "out.csv", "--draws", 50)
    assert result.stderr.splitlines()[0] == (
        f"{table}: read as GB 18030, since it is not UTF-8; names are wrong if it is neither"
    )
    assert "增加值" in (tmp_path / "out.csv").read_text(encoding="utf-8")


def test_wrong_usage_exits_2():
    assert cumulus("decumulate").returncode == 2
    assert cumulus("nonsense").returncode == 2


def test_help_names_every_command():
    text = done("--help").stdout
    for command in ("decumulate", "headline", "forecast", "simulate", "run", "schedule", "status", "ui"):
        assert command in text


def test_read_bulletin_writes_sure_and_doubtful_figures_apart(tmp_path):
    first, second = tmp_path / "a.txt", tmp_path / "b.html"
    first.write_bytes("2025年1—11月，包头市规模以上工业增加值增长11.3%，稀土产业增加值增长20%左右。".encode("gb18030"))
    second.write_text("<p>2025年1—11月，全国出口按美元计价增长5.40%。</p>", encoding="utf-8")
    out, doubtful = tmp_path / "out.csv", tmp_path / "doubtful.csv"
    result = done("read-bulletin", first, second, "-o", out, "--doubtful-out", doubtful)
    assert "2 figures, 1 doubtful" in result.stderr
    assert pd.read_csv(out, dtype=str).drop(columns="note").to_numpy().tolist() == [
        ["baotou_industrial_va", "2025-11", "ytd_yoy", "11.3", "percent", "a.txt"],
        ["cn_exports", "2025-11", "ytd_yoy", "5.40", "percent", "b.html"],
    ]
    assert pd.read_csv(doubtful)["reason"].item() == "only an approximate figure: 左右"


def test_what_read_bulletin_is_sure_of_is_taken_by_decumulate_and_import(tmp_path, monkeypatch):
    text, out, months = tmp_path / "a.html", tmp_path / "out.csv", tmp_path / "months.csv"
    text.write_text("<p>2025年1—11月，全国出口\t按美元计价增长5.40%。</p>", encoding="utf-8")
    monkeypatch.setenv("CUMULUS_HOME", str(tmp_path))
    done("read-bulletin", text, "-o", out)
    done("decumulate", out, "-o", months, "--draws", 50)
    assert set(pd.read_csv(months)["indicator"]) == {"cn_exports"}
    assert "1 new" in done("import", out).stdout


def test_a_figure_that_several_bulletins_state_is_written_once_and_two_values_of_it_both(tmp_path):
    texts = [tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c.txt"]
    for text, value in zip(texts, ("11.3", "11.3", "11.4"), strict=True):
        text.write_text(f"2025年1—11月，包头市规模以上工业增加值增长{value}%。", encoding="utf-8")
    out = tmp_path / "out.csv"
    assert "2 figures, 0 doubtful" in done("read-bulletin", *texts, "-o", out).stderr
    assert pd.read_csv(out)[["value", "source"]].to_numpy().tolist() == [[11.3, "a.txt"], [11.4, "c.txt"]]


def test_read_bulletin_takes_the_place_and_the_year_that_a_text_leaves_out(tmp_path):
    text, out = tmp_path / "a.txt", tmp_path / "out.csv"
    text.write_text("1—10月份，规模以上工业增加值同比增长6.1%。", encoding="utf-8")
    assert "0 figures, 1 doubtful" in done("read-bulletin", text, "-o", out).stderr
    done("read-bulletin", text, "-o", out, "--region", "全国", "--year", "2025")
    found = pd.read_csv(out, dtype=str)[["indicator", "period", "value"]]
    assert found.to_numpy().tolist() == [["cn_industrial_va", "2025-10", "6.1"]]
    assert "region '南极' is not in the table" in cumulus("read-bulletin", text, "-o", out, "--region", "南极").stderr


def test_read_bulletin_names_every_file_that_it_cannot_read_and_writes_nothing(tmp_path):
    good = tmp_path / "good.txt"
    good.write_text("2025年1—11月，包头市规模以上工业增加值增长11.3%。", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    out = tmp_path / "out.csv"
    bad = cumulus("read-bulletin", good, tmp_path / "none.txt", tmp_path / "empty.txt", "-o", out)
    assert bad.returncode == 1
    assert "none.txt: no such file" in bad.stderr
    assert "empty.txt: the file is empty" in bad.stderr
    assert not out.exists()


def test_read_bulletin_says_by_its_exit_code_that_a_file_holds_no_figure(tmp_path):
    good, english, out = tmp_path / "good.txt", tmp_path / "english.txt", tmp_path / "out.csv"
    good.write_text("2025年1—11月，包头市规模以上工业增加值增长11.3%。", encoding="utf-8")
    english.write_text("Imports fell by 0.6% in January to November 2025.", encoding="utf-8")
    result = cumulus("read-bulletin", good, english, "-o", out)
    assert result.returncode == 3
    assert "english.txt: no figure found; expected a bulletin in Chinese" in result.stderr
    assert len(pd.read_csv(out)) == 1


def test_read_bulletin_takes_a_file_whose_name_is_no_utf_8(tmp_path):
    text, out = tmp_path / os.fsdecode("公报.txt".encode("gb18030")), tmp_path / "out.csv"
    text.write_text("2025年1—11月，包头市规模以上工业增加值增长11.3%。", encoding="utf-8")
    done("read-bulletin", text, "-o", out)
    assert pd.read_csv(out)["source"].item() == r"\udcb9\udcab\udcb1\udca8.txt"
