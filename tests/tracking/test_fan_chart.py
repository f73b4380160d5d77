import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import pytest

from forecasting.tracking import IndicatorRecord
from forecasting.tracking._fan_chart import fan_chart

SVG = "{http://www.w3.org/2000/svg}"


def parsed(item: IndicatorRecord) -> ET.Element:
    """A chart, which is our own and no stranger's XML."""
    return ET.fromstring(fan_chart(item, "2025-01-20"))  # noqa: S314


def drawn(item: IndicatorRecord) -> tuple[list[str], list[list[tuple[float, float]]]]:
    """Texts and the points of every curve of a chart."""
    picture = parsed(item)
    texts = [element.text or "" for element in picture.iter(f"{SVG}text")]
    curves = [
        [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path.get("d", ""))]
        for path in picture.iter(f"{SVG}path")
    ]
    return texts, [curve for curve in curves if len(curve) > 1]


def test_three_bands_history_and_median_are_drawn_inside_the_picture(
    make_indicator: Callable[..., IndicatorRecord],
) -> None:
    item = make_indicator(1)
    texts, curves = drawn(item)
    steps = len(item.forecast) + 1
    assert [len(curve) for curve in curves] == [2 * steps] * 3 + [84, steps]
    assert all(0 <= x <= 760 and 0 <= y <= 420 for curve in curves for x, y in curve)
    assert curves[3][-1] == curves[4][0]  # the median starts from the last figure
    assert item.title in texts
    assert "Figures known on 2025-01-20. Forecast: seasonal_naive. Source: National Bureau of Statistics." in texts
    heights = [y for _, y in curves[4][1:]]
    highest = item.forecast["q50"].to_numpy().argmax()
    assert heights[highest] == min(heights)


@pytest.mark.parametrize("level", [0.0, 5.0, -3e9, 1e-7])
def test_a_constant_series_and_any_size_can_be_drawn(
    make_indicator: Callable[..., IndicatorRecord], level: float
) -> None:
    item = make_indicator(1)
    item.history["level"] = level
    for name in ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"):
        item.forecast[name] = level
    _, curves = drawn(item)
    assert len(curves) == 5
    assert len({y for _, y in curves[3]}) == 1


def test_texts_are_escaped(make_indicator: Callable[..., IndicatorRecord]) -> None:
    item = replace(make_indicator(1), title="R&D <规模以上工业>")
    assert "R&D <规模以上工业>" in drawn(item)[0]


def test_a_long_title_takes_two_lines_within_the_picture(make_indicator: Callable[..., IndicatorRecord]) -> None:
    title = (
        "Investment in Fixed Assets (Excluding Rural Households), Manufacture of Computers, Communication and Other "
        "Electronic Equipment"
    )
    texts, _ = drawn(replace(make_indicator(1), title=title))
    heads = [text for text in texts if text in title and len(text) > 40]
    assert " ".join(heads) == title
    assert max(map(len, heads)) <= 70


def test_labels_of_any_size_chinese_and_long_sources_stay_within_the_picture(
    make_indicator: Callable[..., IndicatorRecord],
) -> None:
    item = make_indicator(1)
    quantiles = [name for name in item.forecast if name != "month"]
    item.forecast[quantiles] *= 1e7
    item.history["level"] *= 1e7
    title = "固定资产投资（不含农户）计算机、通信和其他电子设备制造业累计完成额及其同比增长速度（规模以上工业企业口径）"
    source = "National Bureau of Statistics of China and the General Administration of Customs of the People's Republic"
    picture = parsed(replace(item, title=title, source=source))
    texts = [(float(one.get("x", "")), one.get("text-anchor"), one.text or "") for one in picture.iter(f"{SVG}text")]
    assert min(x - 6.2 * len(text) for x, anchor, text in texts if anchor == "end" and "," in text) > 0
    heads = [text for _, _, text in texts if text in title]
    assert "".join(heads) == title
    assert 16 * max(map(len, heads)) < 680
    notes = [text for _, _, text in texts if text.startswith("Figures known") or text in source + "."]
    assert " ".join(notes) == f"Figures known on 2025-01-20. Forecast: seasonal_naive. Source: {source}."
    assert 5.8 * max(map(len, notes)) < 680


@pytest.mark.parametrize(
    "unit", ["index, Jan-Feb averaged", "CNY 100 million at prices of 2015, Jan-Feb averaged", "亿元" * 14]
)
def test_a_unit_stands_beside_the_legend_or_below_but_never_in_it(
    make_indicator: Callable[..., IndicatorRecord], unit: str
) -> None:
    picture = parsed(replace(make_indicator(1), unit=unit))
    texts = [(float(one.get("x", "")), one.get("y"), one.text or "") for one in picture.iter(f"{SVG}text")]
    legend = max(x + 6.2 * len(text) for x, y, text in texts if y == "50.0" and text != unit)
    beside = [x for x, y, text in texts if y == "50.0" and text == unit]
    if unit.startswith("index"):
        assert beside[0] - 6.2 * len(unit) > legend
    else:
        assert not beside
        notes = " ".join(text for _, y, text in texts if float(y or "") > 390)
        assert notes.startswith(f"Unit: {unit}. Figures known on 2025-01-20.")
