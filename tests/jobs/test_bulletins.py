"""Bulletins from the drop folder into the store, doubtful figures to a person and back, and the archive read again."""

import csv
import json
import os
from pathlib import Path

import pytest
from sqlalchemy import text

from forecasting.catalog import Catalog, load_catalog
from forecasting.errors import CatalogError
from forecasting.settings import Settings, SourceSettings
from forecasting.sources import Connectors
from forecasting.store import Intake, RawArchive, Store
from jobs.pulling import Pulling
from tests.jobs.test_pulling import DAY, NOW, cumulus, rows

CITY = "2025年1—11月份，包头市规模以上工业增加值同比增长{rate}%，稀土产业增加值增长20%左右，部分蒙古刀产量增长5.0%。\n"
TRADE = "<p>2025年1—11月，全国进口23425.3亿美元，下降0.6%。全国稀土永磁出口5.3万吨。全国粗钢产量8.9亿吨，下降4.0%。</p>"


class Home:
    """A home folder with its store, and what takes figures into it."""

    def __init__(self, folder: Path, **sources):
        self.settings = Settings(home=folder, sources=SourceSettings(**sources))
        self.store = Store.open(self.settings.store)
        self.use(load_catalog())

    def use(self, catalog: Catalog) -> None:
        self.pulling = Pulling(self.store, RawArchive(self.settings.raw), catalog, Connectors(self.settings))

    def drop(self, name: str, content: str | bytes) -> None:
        self.settings.drop.mkdir(parents=True, exist_ok=True)
        path = self.settings.drop / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (0, 0))  # nobody is writing to it any more

    def pull(self, day: int = 0):
        [result] = self.pulling.pull(["bulletin"], NOW + day * DAY)
        return result

    def take(self, path: Path, day: int):
        return self.pulling.take(Connectors(self.settings).files().load(path, NOW + day * DAY))

    def value(self, indicator: str, measure: str = "ytd_yoy"):
        known = self.store.as_of(indicators=[indicator]).query("measure == @measure and period == '2025-11'")
        return [(row.value, row.decimals, row.unit) for row in known.itertuples()]

    def answer(self, indicator: str, answer: str) -> None:
        """As a person who opens the review file, writes and saves."""
        path = self.settings.review
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = list(csv.reader(file))
        for row in cells:
            if indicator in row:
                row[0] = answer
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(cells)


@pytest.fixture
def home(tmp_path):
    opened = Home(tmp_path)
    yield opened
    opened.store.close()


def test_sure_figures_come_in_through_the_door_and_the_rest_is_said(home):
    home.drop("city.txt", CITY.format(rate=11.3).encode("gb18030"))
    home.drop("trade.html", TRADE)
    result = home.pull()
    assert (result.status, result.figures, result.new, result.quarantined) == ("done", 4, 4, 0)
    assert home.value("baotou_industrial_va") == [(11.3, 1, "percent")]
    assert home.value("cn_imports", "ytd_level") == [(2342.53, 2, "USD billion")]
    assert home.value("cn_magnet_exports", "ytd_level") == [(53000.0, -3, "t")]
    assert home.store.as_of(indicators=["baotou_rare_earth_va", "cn_crude_steel_output"]).empty
    left_out, doubtful = result.message.split("\n")
    assert left_out == ("not kept, since the catalogue does not follow them: 2 figures of cn_crude_steel_output (2)")
    assert doubtful.startswith(f"bulletin: 2 doubtful figures went to {home.settings.review}; write yes")


def test_a_subject_that_goes_by_its_own_words_can_be_followed(home, tmp_path):
    entry = """[[indicator]]
id = "baotou_knives"
title_en = "Output of Mongolian knives"
title_zh = "蒙古刀产量"
region = "CN-150200"
sector = "x"
unit = "units"
role = "context"
family = "x"
source = { connector = "bulletin", bulletin = [{ name = "baotou_蒙古刀_output" }] }
publisher = "x"
release = { lag = 1, day = 20, time = "10:00" }
"""
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(entry, encoding="utf-8")
    home.use(load_catalog(catalog))
    home.drop("city.txt", "2025年1—11月份，包头市蒙古刀产量增长5.0%。")
    assert home.pull().status == "done"
    assert home.value("baotou_knives") == [(5.0, 1, "percent")]
    catalog.write_text(entry.replace("baotou_蒙古刀_output", "baotou 蒙古刀"), encoding="utf-8")
    with pytest.raises(CatalogError, match=r"line 10: name in source.bulletin is 'baotou 蒙古刀'; it must match"):
        load_catalog(catalog)


def test_what_came_is_in_the_archive_under_its_hash_and_in_the_figures_row(home):
    home.drop("trade.html", TRADE)
    home.pull()
    [fetch] = RawArchive(home.settings.raw).fetches()
    assert (fetch.source, fetch.address) == ("bulletin", "trade.html")
    assert RawArchive(home.settings.raw).payload(fetch).body == TRADE.encode()
    with home.store.engine.connect() as connection:
        hashes = connection.execute(text("SELECT DISTINCT payload_sha256 FROM observations")).scalars().all()
    assert hashes == [fetch.sha256]


def test_a_bulletin_that_did_not_change_is_not_read_again_and_no_question_is_asked_twice(home):
    home.drop("city.txt", CITY.format(rate=11.3))
    home.pull()
    home.answer("baotou_rare_earth_va", "no")
    before = home.settings.review.read_bytes()
    assert home.pull(1).status == "unchanged"
    home.drop("copy.md", CITY.format(rate=11.3))  # the same bulletin under another name
    home.drop("city.txt", f"{CITY.format(rate=11.3)}\n")  # and read again, since it changed
    home.pull(2)
    home.pulling.replay()
    assert home.settings.review.read_bytes() == before


def test_bad_figures_are_put_aside_and_good_ones_of_the_same_bulletin_come_in(home):
    text = "2025年1—11月，全国进口增长20000%，全国稀土永磁出口5.3万吨，全国制造业投资28万亿元，增长1.9%。"
    home.use(Catalog(item.model_copy(update={"unit": "units"}) if item.id == "cn_magnet_exports" else item
                     for item in load_catalog()))  # fmt: skip
    home.drop("b.txt", text.replace("全国进口", "全国进口按美元计价"))
    result = home.pull()
    assert (result.status, result.new, result.quarantined) == ("partial", 1, 3)
    reasons = {row["content"]["indicator"]: row["reason"] for row in Intake(home.store.engine).quarantined(9)}
    assert "a rate above 10000 percent" in reasons["cn_imports"]
    assert "cannot be converted into the catalogue's 'units'" in reasons["cn_magnet_exports"]
    assert "follows growth alone" in reasons["cn_fai_manufacturing"]
    assert home.value("cn_fai_manufacturing") == [(1.9, 1, "percent")]


def test_the_archive_read_into_an_empty_database_gives_the_same_figures_byte_for_byte(home, tmp_path):
    home.drop("city.txt", CITY.format(rate=11.3))
    home.pull()
    home.drop("trade.html", TRADE)
    home.drop("city.txt", CITY.format(rate=11.5))
    home.pull(1)
    home.answer("baotou_rare_earth_va", "yes")
    home.take(home.settings.review, 2)
    home.drop("city.txt", CITY.format(rate=11.3))
    home.drop("none.txt", "no figures")
    home.pull(3)
    assert home.store.vintages(["baotou_industrial_va"])["value"].tolist() == [11.3, 11.5, 11.3]
    with Store.open(f"sqlite:///{tmp_path}/again.db") as empty:
        one = Pulling(empty, RawArchive(home.settings.raw), load_catalog(), Connectors(home.settings))
        one.replay()
        assert rows(empty) == rows(home.store)
        assert rows(empty, "quarantine") == rows(home.store, "quarantine")
    before = rows(home.store)
    home.pulling.replay()
    assert rows(home.store) == before


def test_confirmed_figures_come_in_with_the_bulletins_name_and_the_others_do_not(home):
    home.drop("city.txt", CITY.format(rate=11.3))
    home.pull()
    home.answer("baotou_rare_earth_va", "yes")
    home.answer("部分蒙古刀产量", "no")
    result = home.take(home.settings.review, 1)
    assert (result.status, result.new) == ("done", 1)
    [row] = home.store.as_of(indicators=["baotou_rare_earth_va"]).itertuples()
    assert (row.value, row.source, row.note) == (
        20.0, "bulletin city.txt confirmed by hand", CITY.format(rate=11.3).strip()
    )  # fmt: skip


def test_a_review_imported_again_does_not_undo_what_came_after_it(home, tmp_path):
    home.drop("city.txt", CITY.format(rate=11.3))
    home.pull()
    home.answer("baotou_rare_earth_va", "yes")
    home.take(home.settings.review, 1)
    later = tmp_path / "later.csv"
    later.write_text("indicator,period,measure,value,unit\nbaotou_rare_earth_va,2025-11,ytd_yoy,24.6,percent\n",
                     encoding="utf-8")  # fmt: skip
    home.take(later, 2)
    assert home.take(home.settings.review, 3).new == 0
    assert home.value("baotou_rare_earth_va") == [(24.6, 1, "percent")]


def test_a_bulletin_read_anew_for_another_catalogue_does_not_undo_what_came_after_it(home, tmp_path):
    home.drop("city.txt", CITY.format(rate=11.3))
    home.pull()
    later = tmp_path / "later.csv"
    later.write_text("indicator,period,measure,value,unit\nbaotou_industrial_va,2025-11,ytd_yoy,11.5,percent\n",
                     encoding="utf-8")  # fmt: skip
    home.take(later, 1)
    home.use(Catalog(item.model_copy(update={"title_en": "x"}) for item in load_catalog()))
    assert home.pull(2).new == 0
    assert home.value("baotou_industrial_va") == [(11.5, 1, "percent")]


def test_a_rounded_figure_is_no_revision_of_an_exact_one_but_another_figure_is(home):
    home.drop("a.txt", "2025年1—11月，全国进口23425.3亿美元，下降0.6%。")
    home.drop("b.txt", "2025年1—11月，全国进口2.34万亿美元，按美元计价下降1%。")
    assert home.pull().new == 2
    assert home.value("cn_imports", "ytd_level") == [(2342.53, 2, "USD billion")]
    assert home.value("cn_imports") == [(-0.6, 1, "percent")]
    home.drop("c.txt", "2025年1—11月，全国进口2.36万亿美元。")
    assert home.pull(1).new == 1
    assert home.value("cn_imports", "ytd_level") == [(2360.0, -1, "USD billion")]


def test_a_review_file_that_cannot_be_gone_on_with_is_said_until_it_is_mended(home):
    home.drop("city.txt", CITY.format(rate=11.3))
    home.settings.review.write_bytes(b"mine\n1\n")
    for day in range(2):
        result = home.pull(day)
        assert (result.status, result.figures) == ("partial", 1)
        assert "review.csv: line 1: column confirmed, region" in result.message
    assert home.value("baotou_industrial_va") == [(11.3, 1, "percent")]
    home.settings.review.unlink()
    assert home.pull(2).status == "done"
    assert home.settings.review.read_text(encoding="utf-8-sig").count("city.txt") == 2


def test_a_huge_bulletin_is_refused_and_the_others_are_read(tmp_path):
    home = Home(tmp_path, max_bulletin_mb=1)
    home.drop("a.txt", CITY.format(rate=11.3) * 10_000)
    home.drop("b.txt", CITY.format(rate=11.3))
    result = home.pull()
    assert (result.status, result.new) == ("partial", 1)
    assert "a.txt: 1 MB, more than sources.max_bulletin_mb = 1" in result.message
    home.store.close()


def test_tables_and_bulletins_leave_each_others_files_alone(home):
    home.drop("city.txt", CITY.format(rate=11.3))
    home.drop("own.csv", "indicator,period,measure,value,unit\nsteel,2025-11,ytd_yoy,5.1,percent\n")
    files, bulletins = home.pulling.pull(["file", "bulletin"], NOW)
    assert (files.status, files.new, bulletins.status, bulletins.new) == ("done", 1, "done", 1)


def test_a_bulletin_that_nobody_is_asked_to_read_is_said(tmp_path):
    home = Home(tmp_path, pull=("file",))
    home.drop("city.txt", CITY.format(rate=11.3))
    [result] = home.pulling.pull(["file"], NOW)
    assert "file: city.txt: a bulletin; add bulletin to sources.pull" in result.message
    home.store.close()


def test_the_commands_pull_ask_and_take_the_answers_in(home, tmp_path):
    home.drop("city.txt", CITY.format(rate=11.3))
    pulled = cumulus(tmp_path, "pull", "--source", "bulletin")
    assert (pulled.returncode, pulled.stdout) == (0, "bulletin: done, 1 figures, 1 new, 0 rows put aside\n")
    assert "2 doubtful figures went to" in pulled.stderr
    state = json.loads(cumulus(tmp_path, "status", "--json").stdout)
    assert state["review"] == {"file": str(home.settings.review), "waiting": 2, "message": ""}
    refused = cumulus(tmp_path, "import", str(home.settings.review))
    assert (refused.returncode, "no row is confirmed" in refused.stderr) == (1, True)
    home.answer("baotou_rare_earth_va", "yes")
    taken = cumulus(tmp_path, "import", str(home.settings.review))
    assert (taken.returncode, taken.stdout) == (0, "import: done, 1 figures, 1 new, 0 rows put aside\n")
    assert "1 doubtful figures of bulletins wait in" in cumulus(tmp_path, "status").stdout
    bulletin = cumulus(tmp_path, "import", str(home.settings.drop / "city.txt"))
    assert (bulletin.returncode, "put bulletins into the drop folder" in bulletin.stderr) == (1, True)
