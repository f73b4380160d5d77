"""The SDMX structures of the monthly series and the forecasts: code lists, concepts, data structures, dataflows.

They are written as SDMX-ML 2.1, the newest that sdmx1 writes. The codes of OBS_STATUS are those of the SDMX code list
CL_OBS_STATUS, as far as they are used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from forecasting.publishing._dictionary import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    from sdmx.model import v21

__all__ = ["AGENCY", "FORECASTS", "MONTHLY", "structure_message"]

AGENCY = "CUMULUS"

MONTHLY = {
    "MONTHS": "months",
    "SD": "yoy_sd",
    "Q05": "yoy_q05",
    "Q95": "yoy_q95",
    "SET_LOW": "set_low",
    "SET_HIGH": "set_high",
    "FLAG": "flag",
}
"""Attribute of an observation of the flow MONTHLY -> column of the table monthly."""

FORECASTS = {
    "MONTHS": "months",
    "MEAN": "mean",
    "Q025": "q025",
    "Q05": "q05",
    "Q10": "q10",
    "Q25": "q25",
    "Q75": "q75",
    "Q90": "q90",
    "Q95": "q95",
    "Q975": "q975",
}
"""Attribute of an observation of the flow FORECASTS -> column of the table forecasts."""

_FLOWS: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "MONTHLY": ("monthly", (), MONTHLY),
    "FORECASTS": ("forecasts", ("ORIGIN", "MODEL"), FORECASTS),
}
"""Flow -> its table, dimensions of its own, attributes of its own."""

_Words = tuple[str, str]  # English, Chinese

_CONCEPTS: dict[str, _Words] = {
    "FREQ": ("Frequency", "频率"),
    "INDICATOR": ("Indicator", "指标"),
    "MEASURE": ("Measure", "度量"),
    "ORIGIN": ("Forecast origin", "预测起点"),
    "MODEL": ("Model", "模型"),
    "TIME_PERIOD": ("Time period", "时期"),
    "OBS_VALUE": ("Observation value", "观测值"),
    "OBS_STATUS": ("Observation status", "观测状态"),
    "UNIT_MEASURE": ("Unit of measure", "计量单位"),
    "MONTHS": ("Months covered", "覆盖月数"),
    "FLAG": ("Flag", "标记"),
    "SD": ("Standard deviation", "标准差"),
    "MEAN": ("Mean", "均值"),
    "SET_LOW": ("Lowest value the figures allow", "数据允许的下界"),
    "SET_HIGH": ("Highest value the figures allow", "数据允许的上界"),
    "Q025": ("2.5 % quantile", "2.5%分位数"),
    "Q05": ("5 % quantile", "5%分位数"),
    "Q10": ("10 % quantile", "10%分位数"),
    "Q25": ("25 % quantile", "25%分位数"),
    "Q75": ("75 % quantile", "75%分位数"),
    "Q90": ("90 % quantile", "90%分位数"),
    "Q95": ("95 % quantile", "95%分位数"),
    "Q975": ("97.5 % quantile", "97.5%分位数"),
}

_MEASURES: dict[str, _Words] = {
    "LEVEL": ("Level", "水平"),
    "YOY": ("Growth on the same month a year earlier", "同比增速"),
    "YTD_YOY": ("Growth of January to this month on a year earlier", "累计同比增速"),
}
_STATUSES: dict[str, _Words] = {
    "A": ("Normal value", "正常值"),
    "B": ("Time series break", "序列中断"),
    "E": ("Estimated value", "估计值"),
    "F": ("Forecast value", "预测值"),
    "K": ("Data included in another category", "数据含在其他类别中"),
    "W": ("Includes data from another category", "含其他类别的数据"),
}


def structure_message(indicators: Mapping[str, _Words], *, run_id: str, as_of: str) -> bytes:
    """Everything that is needed to read the data, as SDMX-ML 2.1.

    Args:
        indicators: Code -> title in English and in Chinese.
        run_id: Name of the release.
        as_of: Its day, YYYY-MM-DD; stands as the day on which the message was prepared.
    """
    import sdmx
    from sdmx.message import Header, StructureMessage
    from sdmx.model import v21

    prepared = dt.datetime.combine(dt.date.fromisoformat(as_of), dt.time(), dt.UTC)
    agency = v21.Agency(id=AGENCY)
    message = StructureMessage(header=Header(id=run_id, prepared=prepared, sender=agency, test=False))
    owned: dict[str, Any] = {
        "maintainer": agency,
        "version": SCHEMA_VERSION,
        "is_final": True,
        "is_external_reference": False,
    }
    lists = {}
    for name, codes in {
        "FREQ": {"M": ("Monthly", "月度")},
        "INDICATOR": indicators,
        "MEASURE": _MEASURES,
        "OBS_STATUS": _STATUSES,
    }.items():
        lists[name] = v21.Codelist(id=f"CL_{name}", name=_named(_CONCEPTS[name]), **owned)
        lists[name].extend(v21.Code(id=code, name=_named(words)) for code, words in codes.items())
        message.add(lists[name])
    concepts = v21.ConceptScheme(id="CONCEPTS", name=_named(("Concepts", "概念")), **owned)
    concepts.extend(v21.Concept(id=name, name=_named(words)) for name, words in _CONCEPTS.items())
    message.add(concepts)
    for flow, (table, own, attributes) in _FLOWS.items():
        title = _named((TABLES[table].title_en, TABLES[table].title_zh))
        structure = v21.DataStructureDefinition(id=f"DSD_{flow}", name=title, **owned)
        types = {column.name: column.type for column in TABLES[table].columns}
        _components(structure, concepts, lists, own, {name: types[of] for name, of in attributes.items()})
        message.add(structure)
        message.add(v21.DataflowDefinition(id=flow, name=title, structure=structure, **owned))
    return sdmx.to_xml(message, pretty_print=True)


def _components(
    structure: v21.DataStructureDefinition,
    concepts: v21.ConceptScheme,
    lists: Mapping[str, v21.Codelist],
    dimensions: tuple[str, ...],
    attributes: Mapping[str, str],
) -> None:
    """Give a structure its dimensions, its measure and its attributes."""
    from sdmx.model import common, v21

    def component(name: str, kind: str = "string") -> dict[str, Any]:
        if name in lists:
            values = v21.Representation(enumerated=lists[name])
        else:
            facet = v21.Facet(value_type=v21.FacetValueType["double" if kind == "number" else kind])
            values = v21.Representation(non_enumerated=[facet])
        return {"id": name, "concept_identity": concepts[name], "local_representation": values}

    names = ("FREQ", "INDICATOR", "MEASURE", *dimensions)
    keys = {name: v21.Dimension(order=order, **component(name)) for order, name in enumerate(names, start=1)}
    period = v21.TimeDimension(order=len(keys) + 1, **component("TIME_PERIOD", "observationalTimePeriod"))
    structure.dimensions.extend([*keys.values(), period])
    structure.measures.append(v21.PrimaryMeasure(**component("OBS_VALUE", "number")))
    series = v21.DimensionRelationship(dimensions=[keys["INDICATOR"], keys["MEASURE"]])
    for name, kind in {"OBS_STATUS": "string", "UNIT_MEASURE": "string", **attributes}.items():
        needed = name in ("OBS_STATUS", "UNIT_MEASURE")
        structure.attributes.append(
            common.DataAttribute(
                related_to=series if name == "UNIT_MEASURE" else v21.PrimaryMeasureRelationship(),
                usage_status=v21.UsageStatus.mandatory if needed else v21.UsageStatus.conditional,
                **component(name, kind),
            )
        )


def _named(words: _Words) -> dict[str, str]:
    return dict(zip(("en", "zh"), words, strict=True))
