"""The bureau's two services over real HTTP, with everything they are known to do: no wrong figure is ever stored."""

import datetime as dt
import json
import time

import pytest

from forecasting.catalog import Catalog, Indicator, NbsLegacySeries, NbsSeries, Release, SourceMapping
from forecasting.settings import HttpSettings, Settings, SourceSettings
from forecasting.sources import Connectors
from forecasting.store import Intake, RawArchive, Store
from jobs.pulling import Pulling
from tests.sources import bureau as quirks
from tests.sources.bureau import Bureau

NOW = dt.datetime(2025, 6, 20, 4, 0, tzinfo=dt.UTC)
QUICK = {"connect_s": 1, "read_s": 5, "total_s": 10, "attempts": 2, "wait_s": 0.01, "pause_s": 0, "max_mb": 2,
         "wait_max_s": 1, "failures": 3, "cool_down_s": 60}  # fmt: skip
YTD = {("va", "2025-02"): 5.9, ("va", "2025-03"): 6.5, ("va", "2025-04"): 6.4, ("va", "2025-05"): 6.0}
OLD = {("va", "2016-10"): 6.0, ("va", "2016-11"): 6.1}


def indicator(name: str, unit: str = "index", **mapping) -> Indicator:
    return Indicator(
        id=name, title_en=name, title_zh=name, region="CN", sector="industry", unit=unit, role="context",
        family="test", publisher="a bureau", release=Release(lag=1, day=16, time="10:00", no_january_since=2013),
        source=SourceMapping(connector=next(iter(mapping)), **mapping),
    )  # fmt: skip


def nbs(cid="leaf-new", key="new-ytd", measure="ytd_yoy", **more) -> NbsSeries:
    return NbsSeries(cid=cid, indicator=key, measure=measure, **more)


class Home:
    """A store and an archive that pull from a server."""

    def __init__(self, folder, bureau, indicators, **http):
        sources = SourceSettings(
            nbs_url=f"{bureau.url}/external",
            nbs_legacy_url=f"{bureau.url}/easyquery.htm",
            http=HttpSettings(**{**QUICK, **http}),
        )
        settings = Settings(home=folder, sources=sources)
        self.store = Store.open(settings.store)
        self.archive = RawArchive(settings.raw)
        self.intake = Intake(self.store.engine)
        self._pulling = Pulling(self.store, self.archive, Catalog(indicators), Connectors(settings))

    def pull(self, source="nbs", when=NOW):
        [self.last] = self._pulling.pull([source], when)
        return self.last

    def figures(self):
        known = self.store.as_of()
        return {(row.indicator, row.period): row.value for row in known.itertuples()}

    def reasons(self):
        return [row["reason"] for row in self.intake.quarantined(100)]

    def bodies(self):
        return [self.archive.payload(fetch).body for fetch in self.archive.fetches()]


@pytest.fixture
def bureau():
    with Bureau() as server:
        yield server


@pytest.fixture
def home(tmp_path, bureau):
    opened = []

    def make(*indicators, **http):
        made = Home(tmp_path, bureau, indicators or [indicator("va", nbs=(nbs(),))], **http)
        opened.append(made)
        return made

    yield make
    for made in opened:
        made.store.close()


def test_the_library_gives_its_figures_and_none_for_empty_strings_or_months_to_come(home):
    one = home()
    assert one.pull().status == "done"
    assert one.figures() == YTD
    known = one.store.as_of().set_index("period")
    assert set(known["decimals"]) == {1}
    assert known["released_at"]["2025-05"] == NOW.replace(day=16, hour=2)
    assert one.reasons() == []


def test_a_history_that_is_cut_over_several_leaves_is_joined(home, bureau):
    one = home(indicator("va", nbs=(nbs("leaf-old", "old-ytd", last="2016-12"), nbs(first="2018-01"))))
    assert one.pull().status == "done"
    assert one.figures() == OLD | YTD
    spans = [asked["dts"] for _, asked in bureau.asked]
    assert spans == [["194901MM-201612MM"], ["201801MM-202506MM"]]


def test_overlapping_leaves_that_agree_are_joined_and_those_that_differ_are_put_aside(home, bureau):
    bureau.library["leaf-old"]["old-ytd"][2].update({"202503": "6.5", "202504": "9.9"})
    one = home(indicator("va", nbs=(nbs("leaf-old", "old-ytd"), nbs())))
    assert one.pull().status == "partial"
    assert one.figures() == {key: value for key, value in (OLD | YTD).items() if key[1] != "2025-04"}
    assert one.reasons() == ["the figure is given more than once, with different values; keep the right one"] * 2


def test_leaves_and_indicators_are_found_by_their_names(home, bureau):
    series = NbsSeries(path="工业/增加值增长速度(2018-)", name="规上工业增加值累计增长", measure="ytd_yoy")
    one = home(indicator("va", nbs=(series,)))
    assert one.pull().status == "done"
    assert one.figures() == YTD
    assert len(list(one.archive.fetches())) == 4  # two levels of the tree, the leaf's indicators, the figures


def test_a_name_that_is_not_there_is_named_with_those_that_are(home):
    lost = NbsSeries(path="工业/增加值", name="规上工业增加值累计增长", measure="ytd_yoy")
    strange = NbsSeries(cid="leaf-new", name="销售产值累计增长", measure="ytd_yoy")
    one = home(indicator("a", nbs=(lost,)), indicator("b", nbs=(strange,)), indicator("va", nbs=(nbs(),)))
    assert one.pull().status == "partial"
    assert one.figures() == YTD
    assert "a: nbs: 0 titles '增加值' of path '工业/增加值'; there are 增加值增长速度(2012-2017)" in one.last.message
    assert (
        "b: nbs: 0 indicators '销售产值累计增长' in leaf leaf-new; there are 规上工业增加值累计增长" in one.last.message
    )


def test_a_level_is_brought_into_the_unit_of_the_catalogue_exactly(home):
    series = nbs("leaf-power", "power-ytd", "ytd_level", unit="亿千瓦时", factor=0.1)
    one = home(indicator("power", "TWh", nbs=(series,)))
    assert one.pull().status == "done"
    assert one.figures() == {("power", "2025-02"): 1492.10, ("power", "2025-03"): 2269.9, ("power", "2025-04"): 2984.00}


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (nbs(key="new-month"), "'规上工业增加值同比增长(%)' is month_yoy, the catalogue says ytd_yoy"),
        (nbs("leaf-power", "power-ytd"), "'发电量累计值(亿千瓦时)' is ytd_level, the catalogue says ytd_yoy"),
        (nbs("leaf-power", "power-ytd", "ytd_level", unit="万千瓦时"), "the unit is '亿千瓦时', the catalogue expects"),
    ],
)
def test_a_series_that_is_not_what_the_catalogue_says_is_put_aside_whole(home, series, reason):
    one = home(indicator("va", nbs=(series,)))
    assert one.pull().status == "partial"
    assert one.figures() == {}
    assert one.reasons()
    assert all(reason in said for said in one.reasons())


def values(content):
    return [value for period in content["data"] for value in period["values"]]


def set_values(**cells):
    def change(content):
        for value in values(content):
            value.update(cells)
        return content

    return quirks.changed(change)


ODD = {
    "a value that is no number": (set_values(value="—"), "value is not a number"),
    "a value that is an error's text": (set_values(value="系统繁忙"), "value is not a number"),
    "a value that is true": (set_values(value=True), "value is bool, not a number"),
    "a value with an exponent": (set_values(value="6e2"), "value is not a number"),
    "an infinite value": (set_values(value="Infinity"), "value is not a number"),
    "a rate that cannot be": (set_values(value="-100.0"), "a rate of -100 percent or less"),
    "a rate that is a level": (set_values(value="123456.7"), "a rate above 10000 percent"),
    "another region": (set_values(da="150000000000"), "region 150000000000 was not asked for"),
    "another unit": (set_values(du_name="亿元"), "the unit of a rate is '亿元', not %"),
    "periods that are none": (
        quirks.changed(lambda c: {**c, "data": [{**p, "code": "2025YYMM"} for p in c["data"]]}),
        "period code '2025YYMM' is no month",
    ),
    "periods to come": (
        quirks.changed(lambda c: {**c, "data": [{**c["data"][1], "code": "203002MM"}]}),
        "period is before 1900 or after the month in which it came",
    ),
    "values that are no list": (
        quirks.changed(lambda c: {**c, "data": [{**p, "values": None} for p in c["data"]]}),
        "a period without values",
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_values_are_put_aside(home, bureau, kind):
    misbehaviour, reason = ODD[kind]
    bureau.next = [misbehaviour]
    one = home()
    assert one.pull().status == "partial"
    assert one.figures() == {}
    assert one.reasons()
    assert all(reason in said for said in one.reasons())
    assert one.pull(when=NOW + dt.timedelta(hours=1)).new >= 4  # the next time all is well


REFUSALS = {
    "a page with status 200": (
        quirks.sends(quirks.PAGE, Content_Type="text/html"), "closed", "a web page came instead"
    ),
    "403": (
        quirks.sends(b'{"reason":"UrlACL","ip":"192.0.2.1"}', 403), "closed",
        '403 Forbidden: {"reason":"UrlACL","ip":"192.0.2.1"}; the source is closed to this place',
    ),
    "429 with a long wait": (
        quirks.sends(b"", 429, Retry_After="3600"), "closed", "429 Too Many Requests; it asks to wait 3600 s"
    ),
    "404": (quirks.sends(b"gone", 404), "failed", "404 Not Found: gone"),
    "500 again and again": (quirks.sends(b"", 500), "failed", "500 Internal Server Error"),
    "a redirect": (
        quirks.sends(b"", 302, Location="/dg/website/page.html"), "failed", "it has moved to /dg/website/page.html"
    ),
    "success that is false": (
        quirks.sends(json.dumps({"success": False, "message": "参数错误", "data": None}).encode()), "failed",
        "the library answers without success (参数错误)",
    ),
    "half a character in what it says": (
        quirks.sends(b'{"success": false, "message": "\\ud800\\u0000!"}'), "failed",
        "answers without success (\\ud800\ufffd!)",
    ),
    "data that is a text": (
        quirks.sends(b'{"success":true,"data":"busy"}'), "failed", "data is str, not a list of periods"
    ),
    "a list in place of an object": (quirks.sends(b"[]"), "failed", "the library answers without success"),
    "an empty reply": (quirks.sends(b""), "failed", "the reply is empty"),
    "half a JSON": (quirks.sends(b'{"success":true,"data":[{"code":"2025'), "failed", "the reply is not JSON"),
    "JSON without an end": (quirks.sends(b"[" * 100_000), "failed", "the reply is not JSON"),
    "bytes that are no text": (quirks.sends(b"\xff\xff{}"), "failed", "neither UTF-8 nor GB 18030"),
    "a slow drip": (quirks.drips, "failed", "no whole reply within 1 s"),
    "a slow drip of headers": (quirks.drips_headers, "failed", "no whole reply within 1 s"),
    "silence": (quirks.silent, "failed", "no answer in time"),
    "a reset connection": (quirks.resets, "failed", "the connection broke"),
    "a reply that is cut off": (quirks.cut_off, "failed", "the connection broke"),
    "gzip that is cut off": (quirks.half_gzipped, "failed", "the packed reply breaks off"),
    "gzip that is none": (quirks.falsely_gzipped, "failed", "cannot be unpacked"),
    "a compression bomb": (quirks.bomb, "failed", "more than 2 MB; given up"),
    "an endless reply": (quirks.endless, "failed", "more than 2 MB; given up"),
    "another compression": (quirks.sends(b"xx", Content_Encoding="br"), "failed", "packed as 'br', which was not"),
}  # fmt: skip


SLOW = {"a slow drip": {"total_s": 1}, "a slow drip of headers": {"total_s": 1}, "silence": {"read_s": 1}}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_stores_nothing_says_what_happened_and_is_over_when_the_source_is(home, bureau, kind):
    misbehaviour, status, message = REFUSALS[kind]
    one = home(cool_down_s=0, **SLOW.get(kind, {}))
    bureau.next = [misbehaviour] * 2
    started = time.monotonic()
    assert one.pull().status == status
    assert time.monotonic() - started < 10
    assert message in one.last.message
    assert one.figures() == {}
    bureau.next = []
    assert one.pull(when=NOW + dt.timedelta(hours=1)).status == "done"
    assert one.figures() == YTD


@pytest.mark.parametrize(
    "way",
    [quirks.gzipped, quirks.gzipped_in_parts, quirks.deflated, quirks.in_gbk, quirks.named_gbk],
    ids=lambda way: way.__name__,
)
def test_compressed_and_strangely_encoded_replies_are_read_alike(home, bureau, way):
    bureau.next = [way]
    one = home()
    assert one.pull().status == "done"
    assert one.figures() == YTD


@pytest.mark.parametrize(
    "once",
    [
        quirks.resets,
        quirks.cut_off,
        quirks.sends(b"", 503),
        quirks.sends(b"", 429, Retry_After="1"),
        quirks.sends(b"", 429, Retry_After="Mon, 01 Jan 99999999999 00:00:00 GMT"),
        quirks.sends(b"", 429, Retry_After="Tue, 01 Jan 2030 00:00:00 +99999999999999"),
        quirks.half_gzipped,
    ],
)
def test_what_passes_by_itself_is_tried_again(home, bureau, once):
    bureau.next = [once]
    one = home()
    assert one.pull().status == "done"
    assert one.figures() == YTD
    assert len(bureau.asked) == 2


def test_a_wait_that_is_asked_for_is_kept_and_requests_keep_their_distance(home, bureau):
    bureau.next = [quirks.sends(b"", 429, Retry_After="1")]
    started = time.monotonic()
    assert home().pull().status == "done"
    assert time.monotonic() - started >= 1
    one = home(
        *(indicator(f"i{n}", nbs=(nbs("leaf-old", "old-ytd", first=f"20{n}-01"),)) for n in (11, 12, 13)), pause_s=0.3
    )
    started = time.monotonic()
    one.pull()
    assert time.monotonic() - started >= 0.6


def test_a_source_that_fails_again_and_again_is_left_alone_for_a_while(home, bureau):
    many = [indicator(f"i{n}", nbs=(nbs("leaf-old", "old-ytd", first=f"20{n}-01"),)) for n in range(10, 16)]
    one = home(*many, attempts=1, failures=3)
    bureau.next = [quirks.sends(b"", 503)] * 100
    assert one.pull().status == "closed"
    assert len(bureau.asked) == 3
    assert "nbs is left alone for 60 s more, since nbs: POST" in one.last.message
    assert one.pull().status == "closed"
    assert len(bureau.asked) == 3


def test_one_leaf_that_fails_does_not_keep_the_others_out(home, bureau):
    one = home(indicator("a", nbs=(nbs("leaf-old", "old-ytd"),)), indicator("va", nbs=(nbs(),)), attempts=1)
    bureau.next = [quirks.sends(b"", 500)]
    assert one.pull().status == "partial"
    assert one.figures() == YTD


def test_ids_that_have_changed_are_noticed(home, bureau):
    one = home(indicator("va", nbs=(nbs(), nbs(key="gone", measure="month_yoy"))))
    bureau.next = [quirks.changed(lambda content: content)]
    assert one.pull().status == "partial"
    assert one.figures() == YTD
    assert "no values of va; ids of the library change, so give path and name" in one.last.message


def test_a_leaf_without_values_in_its_months_is_noticed_every_time(home):
    one = home(indicator("va", nbs=(nbs("leaf-old", "old-ytd", first="2018-01", last="2018-02"), nbs())))
    for day in (0, 1):
        assert one.pull(when=NOW + dt.timedelta(days=day)).status == "partial"
        assert "(leaf leaf-old): no values at all in the months asked for" in one.last.message
    assert one.figures() == YTD


def test_a_revision_is_a_new_vintage_that_is_known_from_its_pull_on(home, bureau):
    one = home()
    one.pull()
    bureau.library["leaf-new"]["new-ytd"][2]["202504"] = "6.3"
    later = NOW + dt.timedelta(days=30)
    assert one.pull(when=later).new == 1
    assert one.store.as_of(NOW).set_index("period")["value"]["2025-04"] == 6.4
    assert one.store.as_of(later).set_index("period")["value"]["2025-04"] == 6.3
    vintages = one.store.vintages().query("period == '2025-04'")
    assert vintages[["value", "vintage"]].to_numpy().tolist() == [[6.4, 1], [6.3, 2]]
    assert one.pull(when=later + dt.timedelta(days=1)).status == "unchanged"


def legacy(code="A020102", measure="ytd_yoy", **more) -> NbsLegacySeries:
    return NbsLegacySeries(code=code, measure=measure, **more)


def test_the_former_service_gives_zeros_only_where_there_are_some(home):
    one = home(indicator("va", nbs_legacy=(legacy(),)))
    assert one.pull("nbs_legacy").status == "done"
    assert one.figures() == {
        **YTD,
        ("va", "2025-04"): 0.0,
    }  # a zero that was published, and none where hasdata is false


def test_the_published_precision_counts_and_not_the_digits_behind_it(home):
    series = legacy("A040101", "ytd_level", unit="亿元")
    one = home(indicator("fai", "CNY 100 million", nbs_legacy=(series,)))
    assert one.pull("nbs_legacy").status == "done"
    assert one.figures() == {("fai", "2025-02"): 52619.04, ("fai", "2025-03"): 103174.0}
    assert set(one.store.as_of()["decimals"]) == {2}


def test_a_parents_code_finds_the_one_leaf_that_is_meant(home):
    one = home(indicator("fai", nbs_legacy=(legacy("A0401"),)))
    assert one.pull("nbs_legacy").status == "done"
    assert one.figures() == {("fai", "2025-02"): 4.1, ("fai", "2025-03"): 4.2}
    two = home(indicator("all", nbs_legacy=(legacy("A0"),)))
    assert two.pull("nbs_legacy").status == "failed"
    assert "2 of its series are ytd_yoy; name one of A020102" in two.last.message


def test_a_region_that_the_service_ignored_is_noticed(home):
    one = home(indicator("va", nbs_legacy=(legacy(region="150000"),)))
    assert one.pull("nbs_legacy").status == "partial"
    assert one.figures() == {}
    assert all("the figure is of the nation, 150000 was asked for" in reason for reason in one.reasons())


def test_a_closed_vintage_and_an_unknown_code_are_told_apart(home):
    one = home(
        indicator("cpi", nbs_legacy=(legacy("A010101", "month_yoy"),)), indicator("x", nbs_legacy=(legacy("B01"),))
    )
    assert one.pull("nbs_legacy").status == "partial"
    assert "no figure in any month; a vintage that is closed, or a wrong code" in one.last.message
    assert "(code B01): the service answers 501: 对不起,未能找到符合查询条件的信息。" in one.last.message
    assert one.figures() == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hasdata": "yes"}, "hasdata is 'yes': whether there is a figure is not known"),
        ({"hasdata": True, "strdata": ""}, "strdata is empty although hasdata is true"),
        ({"hasdata": True, "strdata": None}, "strdata is empty although hasdata is true"),
        ({"hasdata": True, "strdata": "6.25"}, "value has more decimals than decimals says"),
    ],
)
def test_nodes_of_the_former_service_that_contradict_themselves_are_put_aside(home, bureau, change, reason):
    def spoil(content):
        for node in content["returndata"]["datanodes"]:
            node["data"] |= change
        return content

    bureau.next = [quirks.changed(spoil)]
    one = home(indicator("va", nbs_legacy=(legacy(),)))
    assert one.pull("nbs_legacy").status == "partial"
    assert one.figures() == {}
    assert all(reason in said for said in one.reasons() if "January" not in said)


def test_a_node_that_lost_its_form_is_put_aside_and_the_others_come_in(home, bureau):
    def spoil(content):
        content["returndata"]["datanodes"] += [None, {"data": 5}, {"wds": [{"wdcode": "zb", "valuecode": "A020102"}]}]
        return content

    bureau.next = [quirks.changed(spoil)]
    one = home(indicator("va", nbs_legacy=(legacy(),)))
    assert one.pull("nbs_legacy").status == "partial"
    assert len(one.figures()) == 4
    assert one.reasons() == ["a node without its form"] * 3


@pytest.mark.parametrize("nodes", [True, 5, "x", {}, [None]])
def test_where_the_list_of_series_is_none_every_figure_is_put_aside(home, bureau, nodes):
    def spoil(content):
        content["returndata"]["wdnodes"][0]["nodes"] = nodes
        return content

    bureau.next = [quirks.changed(spoil)]
    one = home(indicator("va", nbs_legacy=(legacy(),)))
    assert one.pull("nbs_legacy").status == "partial"
    assert one.figures() == {}
    assert one.reasons()


def test_every_reply_is_in_the_archive_byte_for_byte_before_it_is_read(home, bureau):
    bureau.next = [quirks.sends(quirks.PAGE)]
    one = home(cool_down_s=0)
    one.pull()
    one.pull(when=NOW + dt.timedelta(hours=1))
    page, good = one.bodies()
    assert page == quirks.PAGE
    assert json.loads(good)["success"] is True
