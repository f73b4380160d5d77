"""What the files of a release say, read by the libraries of those who use them."""

import hashlib
import io
import json
import re
from pathlib import Path

import frictionless
import numpy as np
import openpyxl
import pandas as pd
import sdmx
from pyarrow import parquet

from forecasting.publishing import TABLES, read_release
from forecasting.publishing._render import parse_csv

QUANTILES = ["q025", "q05", "q10", "q25", "q75", "q90", "q95", "q975"]
MONTHLY = {"MONTHS": "months", "SD": "yoy_sd", "Q05": "yoy_q05", "Q95": "yoy_q95", "SET_LOW": "set_low",
           "SET_HIGH": "set_high", "FLAG": "flag"}  # fmt: skip
FORECASTS = {"MONTHS": "months", "MEAN": "mean"} | {name.upper(): name for name in QUANTILES}
FORMULA = re.compile(r"[=+\-@\t\r\n]")


def sdmx_message(path: Path, structure: object = None) -> sdmx.message.Message:
    """An SDMX message, its file closed again."""
    with path.open("rb") as file:
        given = {"structure": structure} if structure is not None else {}
        return sdmx.read_sdmx(file, format=path.suffix[1:], **given)


def sdmx_observations(folder: Path, flow: str) -> dict[tuple[str, ...], dict[str, str]]:
    """Key of an observation -> its value, status and other attributes, as sdmx1 reads them."""
    structures = sdmx_message(folder / "sdmx" / "structure.xml")
    message = sdmx_message(folder / "sdmx" / f"{flow.lower()}.csv", structures.dataflow[flow])
    lists = structures.codelist
    out = {}
    for one in message.data[0].obs:
        key = tuple(str(part.value) for part in one.dimension.values.values())  # noqa: PD011
        attributes = {name: value.value for name, value in one.attached_attribute.items()}
        assert key[1] in lists["CL_INDICATOR"]
        assert key[2] in lists["CL_MEASURE"]
        assert attributes["OBS_STATUS"] in lists["CL_OBS_STATUS"]
        assert key not in out
        out[key] = {"OBS_VALUE": one.value, **attributes}
    return out


def expected_observations(folder: Path, flow: str) -> dict[tuple[str, ...], dict[str, str]]:
    """The same by the CSV table."""
    table = parse_csv((folder / f"{flow.lower()}.csv").read_bytes())
    out = {}
    for n in range(len(table["indicator"])):
        row = {name: cells[n] for name, cells in table.items()}
        code = row["indicator"].replace(".", "@")
        if flow == "FORECASTS":
            key = ("M", code, row["target"].upper(), row["origin"], row["model"], row["month"])
            out[key] = {"OBS_VALUE": row["q50"], "OBS_STATUS": row["status"]}
            out[key] |= {name: row[of] for name, of in FORECASTS.items()}
            continue
        for measure in ("LEVEL", "YOY"):
            bounds = {name: row[of] if measure == "YOY" else "" for name, of in MONTHLY.items()}
            out["M", code, measure, row["month"]] = {
                "OBS_VALUE": row[measure.lower()], "OBS_STATUS": row["status"],
                **bounds, "MONTHS": row["months"], "FLAG": row["flag"],
            }  # fmt: skip
    return out


def check_sdmx(folder: Path) -> None:
    """Every value, status and attribute comes back from SDMX-CSV as it stands in the tables."""
    for flow in ("MONTHLY", "FORECASTS"):
        found = sdmx_observations(folder, flow)
        units = {key[2]: set() for key in found}
        for key, one in found.items():
            units[key[2]].add(one.pop("UNIT_MEASURE"))
        assert found == expected_observations(folder, flow)
        assert all(units[measure] == {"percent"} for measure in units if measure != "LEVEL")


def check_parquet(folder: Path) -> None:
    """Every Parquet file has the rows of its table, with the types and words of the dictionary."""
    kinds = {"string": "string", "number": "double", "integer": "int64", "boolean": "bool", "date": "date32[day]",
             "datetime": "timestamp[us, tz=UTC]", "year": "int32", "yearmonth": "string"}  # fmt: skip
    tables = read_release(folder)
    for name, table in TABLES.items():
        found = parquet.read_table(folder / "parquet" / f"{name}.parquet")
        assert [str(field.type) for field in found.schema] == [kinds[column.type] for column in table.columns]
        for field, column in zip(found.schema, table.columns, strict=True):
            words = {key.decode(): value.decode() for key, value in field.metadata.items()}
            assert words == {"title_en": column.title_en, "title_zh": column.title_zh, "description": column.made,
                             "unit": column.unit or ""}  # fmt: skip
            assert field.nullable == (not column.required)
        frame = found.to_pandas()
        for column in table.columns:
            one, two = frame[column.name], tables[name][column.name]
            if column.type in ("string", "yearmonth"):
                assert one.fillna("").to_list() == two.to_list(), (name, column.name)
            elif column.type in ("date", "datetime"):
                one = pd.to_datetime(one, utc=column.type == "datetime")
                assert one.isna().equals(two.isna())
                assert (one.dropna() == two.dropna()).all(), (name, column.name)
            else:
                one, two = one.astype("float64"), two.astype("float64")
                np.testing.assert_array_equal(one, two, err_msg=f"{name}.{column.name}")


def sheets(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Sheet -> its rows, as openpyxl reads them."""
    book = openpyxl.load_workbook(io.BytesIO((folder / "cumulus.xlsx").read_bytes()), read_only=True)
    rows = {sheet.title: [tuple(cell.value for cell in row) for row in sheet.iter_rows()] for sheet in book}
    book.close()
    return rows


def check_workbook(folder: Path) -> None:
    """The sheets of series hold the numbers of the tables at their month and indicator."""
    tables, found = read_release(folder), sheets(folder)
    forecasts = tables["forecasts"]
    for name, frame, columns in (
        ("Levels 水平", tables["monthly"], ["level"]),
        ("Growth 同比", tables["monthly"], ["yoy", "yoy_q05", "yoy_q95"]),
        ("Forecast levels 水平预测", forecasts[forecasts["target"] == "level"], ["q50", "q05", "q95"]),
        ("Forecast growth 同比预测", forecasts[forecasts["target"] == "yoy"], ["q50", "q05", "q95"]),
        ("Forecast rates 累计同比预测", forecasts[forecasts["target"] == "ytd_yoy"], ["q50", "q05", "q95"]),
    ):
        head, body = found[name][:5], found[name][5:]
        months = [f"{row[0]:%Y-%m}" for row in body]
        assert months == sorted(set(frame["month"]))
        shown = {
            (indicator, month, columns[n % len(columns)]): row[n + 1]
            for n, indicator in enumerate(head[0][1:])
            for month, row in zip(months, body, strict=True)
            if len(row) > n + 1 and row[n + 1] is not None  # a row ends with its last value
        }
        long = frame.melt(["indicator", "month"], columns).dropna(subset="value")
        assert shown == {(row.indicator, row.month, row.variable): row.value for row in long.itertuples()}


def check_frictionless(folder: Path, copy: Path, most: int = 5000) -> None:
    """frictionless finds no error in a copy of a release's tables, of which it sees so many rows at most."""
    package = json.loads((folder / "datapackage.json").read_bytes())
    copy.mkdir()
    for resource in package["resources"]:
        lines = (folder / resource["path"]).read_bytes().splitlines(keepends=True)
        data = b"".join(lines[: most + 1])
        (copy / resource["path"]).write_bytes(data)
        resource |= {"bytes": len(data), "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    (copy / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    report = frictionless.validate(str(copy / "datapackage.json"))
    assert report.flatten(["type", "message"]) == []
    assert report.stats["tasks"] == len(TABLES)


def check_no_formulas(folder: Path) -> None:
    """No cell of a text column begins like a formula, in any file that a spreadsheet opens."""
    for path in folder.rglob("*.csv"):
        table = parse_csv(path.read_bytes())
        for column, cells in table.items():
            texts = [cell for cell in cells if FORMULA.match(cell) and not _is_number(cell)]
            assert not texts, f"{path.name}, {column}: {texts[0]!r}"
    for name, rows in sheets(folder).items():
        texts = [cell for row in rows for cell in row if isinstance(cell, str) and FORMULA.match(cell)]
        assert not texts, f"{name}: {texts[0]!r}"


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", cell) is not None
