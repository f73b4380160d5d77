"""A night as MLflow gets it: records of the indicators with their forecasters, tests and live scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.catalog import Catalog
    from forecasting.evaluation import Decision
    from forecasting.settings import Settings
    from forecasting.tracking import IndicatorRecord
    from jobs.results import Derived, Fitted

__all__ = ["track"]

QUANTILES = ["mean", "q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
LIVE = ("n", "mase", "expected_mase", "coverage80", "coverage90", "coverage95", "cusum")


def track(
    settings: Settings,
    catalog: Catalog,
    day: dt.date,
    run_id: str,
    tables: Mapping[str, pd.DataFrame],
    decumulation: Derived,
    outlook: Fitted,
    decisions: list[Decision],
    provenance: Mapping[str, Any],
    pictures: Mapping[str, bytes],
) -> str:
    """Record the night in MLflow, with the pictures of its release.

    Returns:
        MLflow's id of the night's run.
    """
    from forecasting.tracking import NightRecord, Tracker

    records = _Records(catalog, tables, decumulation, outlook, decisions)
    scorecard, drift = tables["scorecard"], tables["drift"]
    return Tracker(settings.tracking, settings.artifacts).record_night(
        NightRecord(
            run_id=run_id,
            night=day.isoformat(),
            version=provenance["inputs"]["version"],
            params={"seed": settings.seed, **settings.fit.model_dump(exclude={"workers"})},
            leaderboard=tables["leaderboard"],
            metrics={
                "recovered": float(len(decumulation.outlines)),
                "flags": float(provenance["flags"]),
                "promotions": float(sum(one.promoted for one in decisions)),
                "challengers": float(sum(one.challenger != "" for one in decisions)),
                "live.figures": float((scorecard["print"] == "first").sum()),
                "live.alarms": float((drift["alarm"] != "").sum()),
                "live.median_mase": float(drift["mase"].median()),
                **{f"live.coverage{width}": _pooled(drift, width) for width in (80, 90, 95)},
            },
            indicators=records,
            observations_sha256=provenance["inputs"]["observations"],
            tables={"drift": drift, "decisions": _decisions(decisions)},
            provenance=dict(provenance),
            files=pictures,
        )
    )


class _Records(Sequence["IndicatorRecord"]):
    """The indicators that models forecast, by name; made when they are asked for, since they are many."""

    def __init__(
        self,
        catalog: Catalog,
        tables: Mapping[str, pd.DataFrame],
        decumulation: Derived,
        outlook: Fitted,
        decisions: list[Decision],
    ) -> None:
        # on a chart a merged January-February stands at its monthly average, not at the sum
        monthly = tables["monthly"][["indicator", "month", "level"]].assign(
            level=tables["monthly"]["level"] / tables["monthly"]["months"].astype(float)
        )
        levels = tables["forecasts"].query("target == 'level'").copy()
        levels[QUANTILES] = levels[QUANTILES].div(levels["months"], axis=0)
        self._histories = _Rows(monthly[monthly["level"].notna()])
        self._forecasts = _Rows(levels[["indicator", "month", *QUANTILES]])
        self._live = _Rows(tables["drift"])
        self._catalog, self._outlines, self._panel = catalog, decumulation.outlines, outlook.panel
        self._decided = {one.unique_id: one for one in decisions}
        self._names = sorted(outlook.panel.champions)

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, at: int) -> IndicatorRecord: ...
    @overload
    def __getitem__(self, at: slice) -> list[IndicatorRecord]: ...
    def __getitem__(self, at: int | slice) -> IndicatorRecord | list[IndicatorRecord]:
        return (
            [self._record(name) for name in self._names[at]] if isinstance(at, slice) else self._record(self._names[at])
        )

    def _record(self, name: str) -> IndicatorRecord:
        from forecasting.evaluation import challenger
        from forecasting.tracking import IndicatorRecord

        panel, item, decided = self._panel, self._catalog[name], self._decided[name]
        merged = self._outlines[name].periods_per_year == 11
        champion, rival, watched = panel.champions[name], None, decided.challenger
        if watched and watched in panel.recipes[name]:
            rival = challenger(champion, watched, panel.recipes[name][watched], panel.losses[name]).to_dict()
        return IndicatorRecord(
            id=name,
            title=item.title_en,
            unit=f"{item.unit}, Jan-Feb averaged" if merged else item.unit,
            source=item.publisher,
            tags={
                "region": item.region,
                "sector": item.sector,
                "family": item.family or "none",
                "role": item.role,
                "decision": decided.reason,
            },
            history=self._histories[name],
            forecast=self._forecasts[name],
            champion=champion.to_dict(),
            challenger=rival,
            metrics=_test(decided) | _live(self._live[name]),
        )


class _Rows:
    """The rows of each indicator of a frame, without its name."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame, self._rows = frame.drop(columns="indicator"), frame.groupby("indicator").indices

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._frame.iloc[self._rows.get(name, [])]


def _test(one: Decision) -> dict[str, float]:
    if one.test is None:
        return {}
    return {
        "dm.statistic": one.test.statistic,
        "dm.p": one.test.p_value,
        "dm.p_adjusted": one.p_adjusted,
        "dm.n": float(one.test.n),
        "dm.gain": one.gain,
    }


def _live(drift: pd.DataFrame) -> dict[str, float]:
    return {
        f"live.{name}.{target}": float(value)
        for target, row in zip(drift["target"], drift[list(LIVE)].to_dict("records"), strict=True)
        for name, value in row.items()
    }


def _pooled(drift: pd.DataFrame, width: int) -> float:
    """Share of all figures inside their bands."""
    figures = float(drift["n"].sum())
    return float((drift[f"coverage{width}"] * drift["n"]).sum() / figures) if figures else np.nan


def _decisions(decisions: list[Decision]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "indicator": [one.unique_id for one in decisions],
            "champion": [one.champion for one in decisions],
            "rival": [one.rival for one in decisions],
            "challenger": [one.challenger for one in decisions],
            "promoted": [one.promoted for one in decisions],
            "reason": [one.reason for one in decisions],
            "gain": [one.gain for one in decisions],
            "dm": [one.test.statistic if one.test else np.nan for one in decisions],
            "p": [one.test.p_value if one.test else np.nan for one in decisions],
            "p_adjusted": [one.p_adjusted for one in decisions],
            "n": [one.test.n if one.test else 0 for one in decisions],
        }
    )
