"""The projection alone: from an assumption file and published figures to the files of `cumulus simulate`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pandas as pd

from forecasting.catalog import load_catalog
from forecasting.handover import forecast_paths
from forecasting.observations import month_index, month_label
from forecasting.projection import (
    Assumptions,
    Projection,
    check_against,
    claim_list,
    own_titles,
    simulate,
    wide_table,
)
from forecasting.publishing import SCHEMA_VERSION, csv_bytes
from forecasting.reference import load_calibration, load_claims, load_observations
from forecasting.report import Report
from forecasting.sources import read_observations

__all__ = ["claim_lines", "simulated_files"]

HORIZON_OF_PATHS = 24
PATH_DRAWS = 1000
LIBRARIES = ("numpy", "pandas", "SALib", "scipy", "statsforecast", "statsmodels")


def simulated_files(
    assumptions: Assumptions,
    figures: Path | None,
    catalog: Path | None,
    *,
    draws: int,
    seed: int,
    workers: int,
    progress: Callable[[int, int], None],
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Forecast what the assumptions follow, simulate, and render every table and the pictures of the projection.

    Args:
        assumptions: From `load_assumptions`.
        figures: CSV of published figures; the packaged ones if None.
        catalog: Catalogue that says which indicator leans on which; the packaged one if None.
        draws: Draws of the simulation.
        seed: Seed of everything random.
        workers: Processes of the forecasts.
        progress: Called with (steps done, steps in all).

    Returns:
        File name to content, pictures in a folder of their own, and what degrades the result. Every row carries
        run_id, as_of (the last day of the last observed month) and schema_version.

    Raises:
        CumulusError: A file that cannot be used, or an assumption that does not hold.
    """
    calibration, claims = load_calibration(), load_claims()
    check_against(assumptions, calibration, claims)
    observations = load_observations() if figures is None else read_observations(figures)
    related = {item.id: item.related for item in load_catalog(catalog) if item.related is not None}
    paths = forecast_paths(
        observations, assumptions.structure.indicators.values(), related,
        horizon=HORIZON_OF_PATHS, draws=PATH_DRAWS, seed=seed, workers=workers,
    )  # fmt: skip
    start = month_label(month_index(paths.months[0]) - 1)
    result = simulate(assumptions, paths, calibration, claims, start=start, draws=draws, seed=seed, progress=progress)
    provenance = {
        "as_of": f"{pd.Period(start, 'M').end_time:%Y-%m-%d}",
        "schema_version": SCHEMA_VERSION,
        "version": metadata.version("cumulus-forecasting"),
        "seed": seed,
        "draws": draws,
        "assumptions": _digest(repr((assumptions.structure, assumptions.questions, assumptions.scenarios)).encode()),
        "observations": _digest(csv_bytes(observations)),
        "claims": _digest(csv_bytes(claims)),
        "calibration": _digest(csv_bytes(calibration)),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "missing": list(result.degraded),
    }
    run_id = f"simulate-{_digest(json.dumps(provenance, sort_keys=True).encode())[:12]}"
    files = _rendered(result, run_id, str(provenance["as_of"]))
    titles = own_titles(assumptions)
    files |= Report(result.tables(), run_id=run_id, as_of=str(provenance["as_of"]), titles=titles).pictures()
    files["provenance.json"] = (json.dumps({"run_id": run_id, **provenance}, indent=2) + "\n").encode()
    return files, result.degraded


def claim_lines(assumptions: Assumptions) -> list[str]:
    """What is done with every claim, a line each."""
    rows = claim_list(assumptions, load_claims())
    return [
        f"{row['claim_id']}  {row['use']:<8} {_range(row['value_low'], row['value_high'])} {row['unit']}"
        f"  [{row['topic']}]  {row['by']}{': ' if row['by'] else ''}{row['note']}"
        for row in rows.to_dict("records")
    ]


def _rendered(result: Projection, run_id: str, as_of: str) -> dict[str, bytes]:
    marked = {"run_id": run_id, "as_of": as_of, "schema_version": SCHEMA_VERSION}
    tables = {**result.tables(), "wide": wide_table(result.trajectories)}
    return {f"{name}.csv": csv_bytes(table.assign(**marked)) for name, table in tables.items()}


def _range(low: float, high: float) -> str:
    ends = [f"{end:g}" for end in (low, high) if end == end]
    return " to ".join(dict.fromkeys(ends)) or "-"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
