"""SDMX web services over real HTTP, read by sdmx1."""

import datetime as dt

import pytest

from forecasting.catalog import Catalog, Indicator, Release, SdmxSeries, SourceMapping
from forecasting.settings import HttpSettings, Settings, SourceSettings
from forecasting.sources import Connectors
from forecasting.store import Intake, RawArchive, Store
from jobs.pulling import Pulling
from tests.sources import bureau as quirks
from tests.sources.bureau import Bureau

NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
NAMES = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"


def message(*figures: tuple[str, str], areas=("CN",), attributes: str = "") -> bytes:
    """A generic SDMX-ML message with a series for each area, that has these attributes."""
    observations = "".join(
        f'<g:Obs><g:ObsDimension value="{period}"/><g:ObsValue value="{value}"/></g:Obs>' for period, value in figures
    )
    series = "".join(
        f'<g:Series><g:SeriesKey><g:Value id="FREQ" value="M"/><g:Value id="REF_AREA" value="{area}"/></g:SeriesKey>'
        f"{attributes}{observations}</g:Series>"
        for area in areas
    )
    structure = "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=X:S1(1.0)"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><m:GenericData xmlns:m="{NAMES}/message" xmlns:c="{NAMES}/common" '
        f'xmlns:g="{NAMES}/data/generic"><m:Header><m:ID>x</m:ID><m:Test>false</m:Test>'
        '<m:Prepared>2026-01-20T09:00:00+00:00</m:Prepared><m:Sender id="X"/>'
        '<m:Structure structureID="S1" dimensionAtObservation="TIME_PERIOD"><c:Structure>'
        f"<URN>{structure}</URN></c:Structure></m:Structure></m:Header>"
        f'<m:DataSet action="Replace" structureRef="S1">{series}</m:DataSet></m:GenericData>'
    ).encode()


@pytest.fixture
def pull(tmp_path):
    """Pull a series that the server answers with the given reply; (pull, figures, reasons)."""

    def pulled(reply: bytes | quirks.Misbehaviour, **series):
        with Bureau() as server, Store.open(f"sqlite:///{tmp_path}/var/cumulus.db") as store:
            server.other = lambda path, asked: reply if isinstance(reply, bytes) else b""
            server.next = [] if isinstance(reply, bytes) else [reply]
            wanted = SdmxSeries(**{"agency": "own", "flow": "F", "key": "M.CN", "measure": "ytd_yoy", **series})
            item = Indicator(
                id="va", title_en="va", title_zh="va", region="CN", sector="x", unit="USD billion", role="context",
                family="x", publisher="x", release=Release(lag=1, day=16, time="10:00"),
                decimals=0, source=SourceMapping(connector="sdmx", sdmx=(wanted,)),
            )  # fmt: skip
            sources = SourceSettings(sdmx_urls={"own": f"{server.url}/rest"}, http=HttpSettings(attempts=1, pause_s=0))
            settings = Settings(home=tmp_path, sources=sources)
            pulling = Pulling(store, RawArchive(settings.raw), Catalog([item]), Connectors(settings))
            [result] = pulling.pull(["sdmx"], NOW)
            figures = {(row.period, row.value, row.decimals) for row in store.as_of().itertuples()}
            return result, figures, [row["reason"] for row in Intake(store.engine).quarantined(9)], server.asked

    return pulled


def test_a_message_gives_its_months_with_their_published_decimals(pull):
    result, figures, _, asked = pull(
        message(("2025-10", "4.90"), ("2025-M11", "5"), ("2025-12", "NaN")), first="2020-01"
    )
    assert result.status == "done"
    assert figures == {("2025-10", 4.9, 2), ("2025-11", 5.0, 0)}
    assert asked == [("/rest/data/F/M.CN", {"startPeriod": "2020-01"})]


def test_levels_are_scaled_exactly(pull):
    level = {"measure": "month_level", "unit": "USD", "factor": 1e-9}
    assert pull(message(("2025-10", "1234500000")), **level)[1] == {("2025-10", 1.2345, 9)}


def said(**attributes: str) -> str:
    """Attributes of a series."""
    values = "".join(f'<g:Value id="{name}" value="{value}"/>' for name, value in attributes.items())
    return f"<g:Attributes>{values}</g:Attributes>"


@pytest.mark.parametrize(
    ("attributes", "unit", "refused"),
    [
        ({"UNIT_MULT": "6", "UNIT_MEASURE": "USD"}, "USD 10^6", ""),
        ({"UNIT_MULT": "0", "UNIT": "USD"}, "USD", ""),
        ({"UNIT_MULT": "6"}, "10^6", ""),
        ({}, "USD", ""),
        ({"UNIT_MULT": "9", "UNIT_MEASURE": "USD"}, "USD 10^6", "the unit is 'USD 10^9', the catalogue expects"),
        ({"UNIT_MULT": "9"}, "USD", "the unit is '10^9', the catalogue expects 'USD'"),
        ({"UNIT_MULT": "0"}, "USD 10^6", "the unit is 'one without a power of ten', the catalogue expects 'USD 10^6'"),
        ({"UNIT_MEASURE": "EUR", "UNIT_MULT": "6"}, "USD 10^6", "the unit is 'EUR 10^6', the catalogue expects"),
    ],
)  # fmt: skip
def test_a_level_in_another_unit_than_the_catalogue_says_is_put_aside(pull, attributes, unit, refused):
    reply = message(("2025-10", "1234.5"), attributes=said(**attributes))
    _, figures, reasons, _ = pull(reply, measure="month_level", unit=unit, factor=1e-3)
    assert figures == (set() if refused else {("2025-10", 1.2345, 4)})
    assert [reason[: len(refused)] for reason in reasons] == ([refused] if refused else [])


@pytest.mark.parametrize("status", ["F", "M", "Q"])
def test_a_forecast_of_the_source_and_a_figure_that_is_missing_are_put_aside(pull, status):
    odd = f'<g:ObsValue value="5.0"/>{said(OBS_STATUS=status)}'.encode()
    reply = message(("2025-10", "4.9"), ("2025-11", "5.0")).replace(b'<g:ObsValue value="5.0"/>', odd)
    _, figures, [reason], _ = pull(reply)
    assert figures == {("2025-10", 4.9, 1)}
    assert reason.startswith(f"OBS_STATUS {status}")


def test_what_is_no_month_is_put_aside(pull):
    result, figures, reasons, _ = pull(message(("2025-10", "4.9"), ("2025-Q3", "5.0"), ("2025-11", "x")))
    assert result.status == "partial"
    assert figures == {("2025-10", 4.9, 1)}
    assert set(reasons) == {"TIME_PERIOD '2025-Q3' is not a month", "value is not a number; expected one like -1234.5"}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (message(("2025-10", "4.9"), areas=("CN", "JP")), "2 series came for key M.CN; give every dimension a value"),
        (message(), "the message holds no observations"),
        (b"<html><body>busy</body></html>", "the reply is no SDMX-ML message"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "a document type came, which SDMX has not"),
        (b"", "the reply is no SDMX-ML message"),
        (message(("2025-10", "4.9"))[:700], "the reply is no SDMX-ML message"),
        (quirks.sends(b"NoRecordsFound", 404), "404 Not Found: NoRecordsFound"),
    ],
)
def test_a_reply_without_the_series_is_refused_with_the_reason(pull, reply, said):
    result, figures, _, _ = pull(reply)
    assert result.status == "failed"
    assert said in result.message
    assert figures == set()


def test_an_unknown_service_is_named_with_those_that_are_known(pull):
    result, _, _, _ = pull(message(), agency="ECBB")
    assert "indicator va: no SDMX service 'ECBB'; name one in sources.sdmx_urls, or use one of ABS" in result.message
