"""What is recorded of a night: plain frames and dictionaries."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from forecasting.errors import InputError, Problem

__all__ = [
    "ALWAYS",
    "INDICATOR",
    "INDICATORS",
    "NAMES",
    "NIGHT",
    "NIGHTS",
    "QUANTILES",
    "SCORES",
    "TRACKED",
    "IndicatorRecord",
    "NightRecord",
    "check_night",
    "forecaster_json",
    "forecaster_sha256",
    "weights_text",
]

NIGHTS, INDICATORS = "cumulus/nights", "cumulus/indicators"
"""The experiments."""
NIGHT = "cumulus.night"
"""The tag of a run that says of which day it is."""
INDICATOR = "cumulus.indicator"
"""The tag of a lasting run that says whose it is."""
SCORES = ("mase", "rmsse", "smape", "coverage90")
TRACKED = ("mase", "coverage90")
"""Scores of every model that become metrics; of the champion all do. The leaderboard has the rest."""
ALWAYS = "observations"
"""A metric that every night gives to every indicator: where it has a step, the others have had it too."""
NAMES = (ALWAYS, "champion.", *(f"{score}." for score in TRACKED), "dm.", "live.")
"""What the metrics of a lasting run begin with; others are a modeller's own, which no night ends."""
LEADERBOARD = ("indicator", "model", "rank", *SCORES, "n_origins", "champion", "n_real_time")
QUANTILES = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")


@dataclass(frozen=True, eq=False)
class IndicatorRecord:
    """One indicator in one night.

    Attributes:
        id: Identifier in the catalogue.
        title: Title of its chart.
        unit: Unit of its levels.
        source: Publisher of its figures.
        tags: What it can be searched by: region, sector, family, role.
        history: Columns month (YYYY-MM) and level, in order of time.
        forecast: Columns month, mean and q025, q05, q10, q25, q50, q75, q90, q95, q975, in the unit of the history.
        champion: The chosen forecaster as plain values, `forecasting.evaluation.Champion.to_dict`.
        challenger: The best rival, if there is one worth watching, in the same form.
        metrics: Figures beside those of the leaderboard: the test behind the champion, `dm.*`, live scores, `live.*`.
    """

    id: str
    title: str
    unit: str
    source: str
    tags: Mapping[str, str]
    history: pd.DataFrame
    forecast: pd.DataFrame
    champion: Mapping[str, Any]
    challenger: Mapping[str, Any] | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def data_sha256(self) -> str:
        """Hash of the series that the champion was trained on."""
        return hashlib.sha256(self.history.to_csv(index=False, lineterminator="\n").encode()).hexdigest()


def forecaster_json(forecaster: Mapping[str, Any]) -> str:
    """A forecaster as JSON, the same text for the same forecaster."""
    return json.dumps(forecaster, sort_keys=True, ensure_ascii=False, allow_nan=False)


def forecaster_sha256(forecaster: Mapping[str, Any]) -> str:
    """What tells one forecaster, with its training data, from another."""
    return hashlib.sha256(forecaster_json(forecaster).encode()).hexdigest()


def weights_text(forecaster: Mapping[str, Any]) -> str:
    """The models behind a forecaster, the heaviest first: "arima 0.612, auto_ces 0.388"; names alone for a median.

    Weights that move with the step are told of the first and of the last: "headline_mean 1.000 to 0.000".
    """
    names, weights = forecaster["candidates"], forecaster["weights"]
    if not weights:
        return ", ".join(names)
    ordered = sorted(zip(weights, names, strict=True), key=lambda pair: (*(-each for each in pair[0]), pair[1]))
    return ", ".join(f"{name} {' to '.join(f'{w:.3f}' for w in _ends(of))}" for of, name in ordered)


def _ends(weights: Sequence[float]) -> Sequence[float]:
    return weights[:1] if weights[0] == weights[-1] else (weights[0], weights[-1])


@dataclass(frozen=True, eq=False)
class NightRecord:
    """One night.

    Attributes:
        run_id: Name of the run, the same as that of its release.
        night: Day (YYYY-MM-DD) of the night, which is its step in the history of every metric.
        version: Version of this package that made the forecasts.
        params: Settings of the night.
        leaderboard: Columns indicator, model, rank, mase, rmsse, smape, coverage90, n_origins, champion, n_real_time.
        metrics: Figures of the whole panel, beside those that follow from the leaderboard.
        indicators: Every indicator that was forecast.
        observations_sha256: Hash of the figures known, the night's data set.
        tables: Further tables for the night's run, by name.
        provenance: What the night was made from, as plain values.
        files: Further artifacts of the night's run, by their path in it.
    """

    run_id: str
    night: str
    version: str
    params: Mapping[str, Any]
    leaderboard: pd.DataFrame
    metrics: Mapping[str, float]
    indicators: Sequence[IndicatorRecord]
    observations_sha256: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The night's day counted from 0001-01-01 = 1."""
        return dt.date.fromisoformat(self.night).toordinal()

    @property
    def timestamp(self) -> int:
        """Midnight (UTC) of the night, ms since 1970, so that a repetition writes the same points."""
        return int(dt.datetime.fromisoformat(self.night).replace(tzinfo=dt.UTC).timestamp()) * 1000


def check_night(night: NightRecord) -> None:
    """Refuse a record that could only be written in part.

    Raises:
        InputError: A night that is no day, an indicator given twice, or a frame without the columns it needs.
    """
    problems = []
    if "'" in night.run_id or not night.run_id:
        problems.append(Problem("", "run_id is empty or holds an apostrophe; name the run as its release"))
    try:
        dt.date.fromisoformat(night.night)
    except ValueError:
        problems.append(Problem("", f"night {night.night!r} is not a day YYYY-MM-DD"))
    frames: list[tuple[str, pd.DataFrame, tuple[str, ...]]] = [("leaderboard", night.leaderboard, LEADERBOARD)]
    seen: set[str] = set()
    for item in night.indicators:
        if item.id in seen:
            problems.append(Problem(item.id, "the indicator is given twice; record it once a night"))
        seen.add(item.id)
        frames.append((f"{item.id} history", item.history, ("month", "level")))
        frames.append((f"{item.id} forecast", item.forecast, ("month", "mean", *QUANTILES)))
        if any("model" not in one for one in (item.champion, item.challenger or item.champion)):
            problems.append(Problem(item.id, "champion or challenger does not name its model"))
    for where, frame, columns in frames:
        if missing := [name for name in columns if name not in frame.columns]:
            problems.append(Problem(where, f"column {', '.join(missing)} missing; expected {', '.join(columns)}"))
    if problems:
        raise InputError(f"night {night.run_id}", problems)
