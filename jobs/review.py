"""A night as MLflow gets it: records of the indicators with their forecasters, tests and live scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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

    records = _indicators(catalog, tables, decumulation, outlook, decisions)
    scorecard, drift = tables["scorecard"], tables["drift"]
    return Tracker(settings.tracking, settings.artifacts).record_night(
        NightRecord(
            run_id=run_id,
            night=day.isoformat(),
            version=provenance["inputs"]["version"],
            params={"seed": settings.seed, **settings.fit.model_dump(exclude={"workers"})},
            leaderboard=tables["leaderboard"],
            metrics={
                "recovered": float(len(decumulation.kinds)),
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


def _indicators(
    catalog: Catalog,
    tables: Mapping[str, pd.DataFrame],
    decumulation: Derived,
    outlook: Fitted,
    decisions: list[Decision],
) -> list[IndicatorRecord]:
    from forecasting.evaluation import challenger
    from forecasting.tracking import IndicatorRecord

    # on a chart a merged January-February stands at its monthly average, not at the sum
    monthly = tables["monthly"].assign(level=lambda t: t["level"] / t["months"].astype(float))
    levels = tables["forecasts"].query("target == 'level'").copy()
    levels[QUANTILES] = levels[QUANTILES].div(levels["months"], axis=0)
    histories = _by(monthly[monthly["level"].notna()][["indicator", "month", "level"]], "indicator")
    forecasts = _by(levels[["indicator", "month", *QUANTILES]], "indicator")
    live = _by(tables["drift"], "indicator")
    panel = outlook.panel
    rivals = {one.unique_id: one for one in decisions if one.challenger}
    decided = {one.unique_id: one for one in decisions}
    records = []
    for name, champion in sorted(panel.champions.items()):
        item, merged = catalog[name], name in decumulation.merged
        rival, watched = None, rivals[name].challenger if name in rivals else ""
        if watched in panel.recipes[name]:
            rival = challenger(champion, watched, panel.recipes[name][watched], panel.losses[name]).to_dict()
        records.append(
            IndicatorRecord(
                id=name,
                title=item.title_en,
                unit=f"{item.unit}, Jan-Feb averaged" if merged else item.unit,
                source=item.publisher,
                tags={
                    "region": item.region,
                    "sector": item.sector,
                    "family": item.family or "none",
                    "role": item.role,
                    "decision": decided[name].reason,
                },
                history=histories[name][["month", "level"]],
                forecast=forecasts[name].drop(columns="indicator"),
                champion=champion.to_dict(),
                challenger=rival,
                metrics=_test(decided[name]) | _live(live.get(name)),
            )
        )
    return records


def _by(frame: pd.DataFrame, column: str) -> dict[str, pd.DataFrame]:
    return {str(name): rows for name, rows in frame.groupby(column, sort=False)}


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


def _live(drift: pd.DataFrame | None) -> dict[str, float]:
    if drift is None:
        return {}
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
