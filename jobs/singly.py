"""Single steps of a night, from what earlier ones have kept: for trying things out, and for going on after a failure.

They publish nothing and are no night in the ledger; the night that comes after them finds their results.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from forecasting.settings import Settings
from jobs.computing import Computing, figures_of_the_past, known_figures
from jobs.stages import Stages

__all__ = ["COMPUTED", "do_steps"]

COMPUTED = ("derive", "fit", "project")
"""The steps that can be done by themselves, in their order."""


def do_steps(
    settings: Settings, names: Collection[str], as_of: dt.date | None = None, *, force: bool = False
) -> list[str]:
    """Do some of `COMPUTED`, and whatever they need of earlier ones that is not kept.

    Args:
        settings: Of this installation.
        names: Of the steps.
        as_of: Use what was released by the end of this day in Asia/Shanghai and by now; by default what is known now.
        force: Compute them anew, whatever is kept of them.

    Returns:
        A line a step, and what is to know.

    Raises:
        CumulusError: A step failed.
        BusyError: Another process works in the same home folder or on the same store.
    """
    from forecasting.catalog import load_catalog
    from jobs.locks import sole_worker
    from jobs.scoring import Memory, night_of

    day, moment = night_of(dt.datetime.now(dt.UTC), as_of)
    catalog = load_catalog(settings.catalog, settings.calendar)
    settings.var.mkdir(parents=True, exist_ok=True)
    stages = Stages(settings.stage_folder, settings.stages.max_mb, fresh=force)
    with sole_worker(settings) as (store, _):
        observations, lines = known_figures(store, catalog, day, moment)
        then = figures_of_the_past(store, catalog, moment, settings.fit.origins)
        champions = Memory.recall(store.engine, catalog, day, moment).champions
        computing = Computing(settings, catalog, observations, then, champions, stages)
        if "derive" in names:
            months, how = computing.derive()
            lines.append(f"derive: {len(months.outlines)} indicators, {months.flags} flags ({how})")
        if "fit" in names or "project" in names:
            outlook, how = computing.fit()
            if "fit" in names:
                indicators, dense = outlook.forecasts["indicator"].nunique(), len(outlook.panel.champions)
                lines.append(f"fit: {indicators} indicators forecast, {dense} by models of their own ({how})")
                lines += [*outlook.panel.unmodelled, *outlook.apart]
        if "project" in names:
            projection, how = computing.project(outlook)
            scenarios = 0 if projection is None else projection.trajectories["scenario"].nunique()
            lines.append(f"project: {scenarios} scenarios ({how})")
            lines += [] if projection is None else projection.degraded
        stages.trim()
    return lines + stages.faults
