"""The steps that compute, as pure functions of figures, catalogue and settings, through the stage cache."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from forecasting.catalog import ZONE
from forecasting.errors import AssumptionError, InputError, Problem
from forecasting.progress import progress
from jobs.logs import restore_logging
from jobs.results import Derived, Fitted, derived, fitted

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.catalog import Catalog
    from forecasting.decumulation import Chunks
    from forecasting.projection import Assumptions, Projection
    from forecasting.realtime import Then
    from forecasting.settings import Settings
    from forecasting.store import Store
    from jobs.stages import Stages

__all__ = ["Computing", "figures_of_the_past", "file_hash", "known_figures"]

_logger = logging.getLogger(__name__)


class Computing:
    """De-cumulation, forecasts and projection of one night.

    Args:
        settings: Of this installation.
        catalog: What is followed.
        observations: The figures known, canonical.
        then: What was known at past months, see `figures_of_the_past`.
        champions: Indicator -> the model that forecasts it.
        stages: Where results are kept.
        give_way: Called where the work may be broken off, which it does by raising.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        observations: pd.DataFrame,
        then: Then,
        champions: Mapping[str, str],
        stages: Stages,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._catalog, self._observations, self._then = settings, catalog, observations, then
        self._champions, self._stages, self._give_way = champions, stages, give_way
        self._derived: tuple[Derived, str] | None = None

    def derive(self) -> tuple[Derived, str]:
        """Recovered months, and what was done for them."""
        from forecasting.decumulation import decumulate

        if self._derived is None:
            self._derived = self._stages.once(decumulate, self._asked(), lambda: derived(self._chunks, self._give_way))
            result, how = self._derived
            _logger.info("derive: %d indicators, %d flags; %s", len(result.outlines), result.flags, how)
        return self._derived

    def fit(self) -> tuple[Fitted, str]:
        """Forecasts, and what was done for them."""
        from forecasting import handover
        from forecasting.outlook import make_outlook

        fit = self._settings.fit
        followed = self._follow()
        on = file_hash(Path(handover.__file__))  # which leads from an outlook to the growth of what is followed
        task = (*self._asked(), fit.horizon, fit.preset, fit.origins, dict(self._champions), followed, on, self._then)
        result, how = self._stages.once(make_outlook, task, lambda: self._fitted(followed))
        for line in result.panel.left_out:
            _logger.info("%s", line)
        _logger.info("fit: %d models' contests; %s", len(result.panel.champions), how)
        return result, how

    def project(self, outlook: Fitted) -> tuple[Projection | None, str]:
        """The projection, None where the packaged assumptions follow nothing of this catalogue; and what was done."""
        from forecasting.observations import month_label
        from forecasting.projection import simulate
        from forecasting.reference import load_calibration, load_claims

        assumptions = self._assumptions
        if assumptions is None:
            what = "left out: the packaged assumptions follow none of the catalogue's indicators"
            _logger.info("project: %s", what)
            return None, f"{what}; set projection.assumptions to a file about yours"
        projection, seed = self._settings.projection, self._settings.seed
        calibration, claims, start = load_calibration(), load_claims(), month_label(outlook.origin)
        growth = outlook.growth
        assumed = repr((assumptions.structure, assumptions.questions, assumptions.scenarios))
        task = (
            assumed, growth.months, growth.growth, growth.age, calibration, claims, start,
            projection.draws, seed,
        )  # fmt: skip
        result, how = self._stages.once(
            simulate,
            task,
            lambda: simulate(assumptions, growth, calibration, claims, start=start, draws=projection.draws, seed=seed),
        )
        _logger.info("project: %s", how)
        return result, how

    def titles(self) -> dict[str, str]:
        """What the assumption file of a projection that was made calls its scenarios and uses, if not as we do."""
        from forecasting.projection import own_titles

        return {} if self._assumptions is None else own_titles(self._assumptions)

    def _asked(self) -> tuple[pd.DataFrame, dict[str, str], dict[str, tuple[str, ...]], int, int]:
        """What the recovered months depend on."""
        related = {item.id: item.related for item in self._catalog if item.related is not None}
        return self._observations, related, self._catalog.parts, self._settings.fit.draws, self._settings.seed

    @cached_property
    def _chunks(self) -> Chunks:
        from forecasting.decumulation import decumulate_in_chunks

        observations, related, parts, draws, seed = self._asked()
        return decumulate_in_chunks(
            observations,
            related=related,
            parts=parts,
            draws=draws,
            seed=seed,
            workers=self._settings.workers,
            short=True,
            keep=self._stages,
        )

    def _fitted(self, followed: tuple[str, ...]) -> Fitted:
        from forecasting.decumulation import Recovered
        from forecasting.handover import growth_paths
        from forecasting.outlook import make_outlook

        fit, (months, _) = self._settings.fit, self.derive()
        _, _, parts, draws, seed = self._asked()
        recovered = Recovered(months.outlines, months.leans, parts, draws, seed, self._chunks)
        told = 0
        with progress("fit", total=sum(not one.sparse for one in months.outlines.values())) as advance:

            def done(number: int, _of: int) -> None:
                nonlocal told
                for _ in range(told, number):
                    advance()
                told = number
                self._give_way()

            outlook = make_outlook(
                recovered,
                self._observations,
                horizon=fit.horizon,
                preset=fit.preset,
                origins=fit.origins,
                workers=self._settings.workers,
                champions=self._champions,
                progress=done,
                followed=followed,
                keep=self._stages,
                then=self._then,
            )
        restore_logging()  # the model libraries set levels and handlers of their own when they are imported
        return fitted(outlook, growth_paths(outlook, self._observations, followed, fit.horizon))

    def _follow(self) -> tuple[str, ...]:
        """What the projection follows; nothing where its assumptions are refused, which the projection itself says."""
        try:
            return () if self._assumptions is None else _followed(self._assumptions)
        except AssumptionError:
            return ()

    @cached_property
    def _assumptions(self) -> Assumptions | None:
        return assumptions_about(self._catalog, self._settings.projection.assumptions)


def assumptions_about(catalog: Catalog, path: Path | None) -> Assumptions | None:
    """The assumptions; None where they are the packaged ones and about other indicators altogether.

    Raises:
        AssumptionError: See `forecasting.projection.load_assumptions`.
    """
    from forecasting.projection import load_assumptions

    assumptions = load_assumptions(path)
    if path is None and not any(name in catalog for name in _followed(assumptions)):
        return None
    return assumptions


def _followed(assumptions: Assumptions) -> tuple[str, ...]:
    return tuple(assumptions.structure.indicators.values())


def known_figures(store: Store, catalog: Catalog, day: dt.date, moment: dt.datetime) -> tuple[pd.DataFrame, list[str]]:
    """The figures of a catalogue that were known at a moment of a night's day, and what is missing of them.

    Levels in another unit than the catalogue's are left out, and named. All are of the family that the catalogue says
    today, whatever it or a file said when they came.

    Raises:
        InputError: None has any.
    """
    from forecasting.observations import COLUMNS, KEY

    known = store.as_of(moment, columns=COLUMNS)
    known = _with_growth(known[known["indicator"].isin(catalog.ids)])
    foreign = catalog.other_units(known)
    lines = _left_out(known[foreign], catalog)
    known = known[~foreign].reset_index(drop=True)
    known["family"] = known["indicator"].map({item.id: item.family for item in catalog})
    present = set(known["indicator"])
    absent = [name for name in catalog.ids if name not in present]
    if not present:
        what = f"no figure of the catalogue's {len(absent)} indicators had been released by {day}"
        every = store.as_of(columns=[*KEY, "released_at"])
        times = every["released_at"][every["indicator"].isin(catalog.ids)].dropna()
        first = f"; the first came out on {times.min().tz_convert(ZONE).date()}" if len(times) else ""
        problems = [*lines, f"{what}{first}; choose a later day or pull a source"]
        raise InputError("observations", [Problem("", problem) for problem in problems])
    return known, [*lines, *([f"no figures yet of {', '.join(absent)}"] if absent else [])]


def figures_of_the_past(store: Store, catalog: Catalog, moment: dt.datetime, origins: int) -> Then:
    """What was known of a catalogue's indicators at past months, for backtests, as far as the store can say it.

    Levels in another unit than the catalogue's are no figures here either.
    """
    from forecasting.realtime import figures_then

    since = f"{moment.year - origins // 12 - 2}-01"
    arrivals = store.arrivals(moment, since=since)
    own = arrivals[arrivals["indicator"].isin(catalog.ids) & ~catalog.other_units(arrivals)]
    revised = [name for name in store.revised(moment) if name in catalog]
    vintages = store.vintages(revised)
    known = _with_growth(vintages[(vintages["known_at"] <= moment) & ~catalog.other_units(vintages)])
    return figures_then(own, known, origins)


def _left_out(figures: pd.DataFrame, catalog: Catalog) -> list[str]:
    """What to say of levels in another unit than the catalogue's."""
    remedy = "correct the file, its mapping or the catalogue, then cumulus pull --replay"
    found = sorted(Counter(zip(figures["indicator"], figures["unit"], strict=True)).items())
    return [
        f"{name}: {times} levels in {unit!r} are left out, the catalogue's unit is {catalog[name].unit!r}; {remedy}"
        for (name, unit), times in found
    ]


def _with_growth(figures: pd.DataFrame) -> pd.DataFrame:
    """Without the levels of zero that earlier versions let into the store."""
    from forecasting.observations import RATES

    return figures[figures["measure"].isin(RATES) | (figures["value"] > 0)]


def file_hash(path: Path | None) -> str:
    """SHA-256 of a file of the operator's own; "packaged" for ours, which the code hash holds."""
    if path is None:
        return "packaged"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(str(path), [Problem("", f"cannot be read: {error.strerror}")]) from error
