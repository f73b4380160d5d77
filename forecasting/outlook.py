"""From recovered months to forecasts of levels, monthly growth and the headline, all from one set of draws."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.decumulation import Chunks, Decumulation, FloatArray, Outline, Path, Recovered, lean, point_levels
from forecasting.errors import InputError, Problem, whole_number
from forecasting.evaluation import (
    BY_HORIZON,
    PanelForecast,
    combinations_of,
    forecast_panel,
    no_forecast,
    reconcile,
)
from forecasting.memory import give_back
from forecasting.models import CALENDAR, HEADLINE, PRESETS
from forecasting.observations import canonical, month_label
from forecasting.outlook_rows import OutlookRows
from forecasting.parallel import Keep, Workers
from forecasting.realtime import Then, histories_then
from forecasting.sampling import FEWEST_JOINT_DRAWS
from forecasting.telling import counted, told

__all__ = ["Outlook", "candidates", "make_outlook"]

APART = 0.02
"""Share of a whole by which its parts may miss it in the latest year and still be made to add up."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecasts of every indicator.

    Attributes:
        forecasts: indicator, origin, month, months, target (level, yoy, ytd_yoy), model, mean, q025 ... q975,
            status; rates in percent, levels as in the monthly table.
        headlines: The cumulative rate by period: indicator, origin, period, mean, q025 ... q975, no_change (the
            latest one, which a naive forecast repeats) and the probability of exceeding it.
        odds: Next release only: indicator, origin, period, value on the grid of the published decimals,
            probability; values of negligible probability are left out, the rest sums to one.
        paths: Indicator -> path that goes on to the horizon, draws included; of those that were asked for.
        origin: Month index of the latest month with a recovered figure; the horizon counts from it.
        panel: The models' contest behind it; an empty one where no indicator is densely published.
        apart: Wholes whose parts do not add up to them, in words.
    """

    forecasts: pd.DataFrame
    headlines: pd.DataFrame
    odds: pd.DataFrame
    paths: dict[str, Path]
    origin: int
    panel: PanelForecast
    apart: tuple[str, ...]

    def __repr__(self) -> str:
        coming = self.headlines.drop_duplicates("indicator")
        rows = [
            [
                row["indicator"],
                row["period"],
                f"{row['q50']:z.1f} % (90 % band {row['q05']:z.1f} to {row['q95']:z.1f})",
                f"above {row['no_change']:z.1f}: {100 * row['prob_above_no_change']:.0f} %",
            ]
            for row in coming.to_dict("records")
        ]
        count = counted(len(rows), "indicator")
        return told(f"Outlook of {count} from {month_label(self.origin)}; their next cumulative rates", rows)


def candidates(preset: str) -> frozenset[str]:
    """Names of the models and combinations that compete for an indicator under a preset of `make_outlook`."""
    models = (*PRESETS[preset], *_joining(preset))
    return frozenset((*models, *combinations_of(models)))


def _joining(preset: str) -> tuple[str, ...]:
    return (*HEADLINE, *CALENDAR) if preset == "best" else HEADLINE


def make_outlook(
    decumulation: Decumulation | Recovered,
    observations: pd.DataFrame,
    *,
    horizon: int,
    preset: str = "default",
    origins: int = 24,
    workers: Workers = 1,
    champions: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    followed: Collection[str] | None = None,
    keep: Keep | None = None,
    then: Then | None = None,
) -> Outlook:
    """Forecast every indicator of a de-cumulation.

    Densely published indicators are forecast from their own months; a sparse one goes on, from its own latest figure,
    as a deviation from the indicator that it leans on, or by itself where there is none. Parts add up to their whole in
    every draw, where all of them are densely published with their levels, or none is. The headline is the ratio of
    cumulated months in every draw, so it agrees with the months and with what is already published this year.

    Args:
        decumulation: Recovered months, whole or in chunks; its seed and number of draws are used again.
        observations: The figures that it was made from.
        horizon: Months ahead of the latest month of any indicator.
        preset: One of `forecasting.models.PRESETS`. The models of the headline join it and, in `best`, those that know
            the Chinese calendar, which take as long as all others together.
        origins: Rolling origins of the backtest.
        workers: Processes or a cluster (`forecasting.parallel`); the result does not depend on it.
        champions: Indicator -> the model that forecasts it, where it is settled already.
        progress: Called with (series done, series in all).
        followed: Indicators whose paths are wanted, which take much memory; by default all.
        keep: Where forecasts of the same series may be kept already.
        then: What was known at past months (`forecasting.realtime`), from which the backtest forecasts.

    Raises:
        InputError: Bad rows, figures that the months were not recovered from, months of fewer draws than
            `FEWEST_JOINT_DRAWS`, or a horizon or preset that cannot be used.
    """
    recovered = _recovered(decumulation)
    observations, horizon = canonical(observations), whole_number("outlook", "horizon", horizon, 1)
    strangers = sorted(set(recovered.outlines) - set(observations["indicator"]))
    if strangers:
        what = f"no figures of {', '.join(strangers)}; give the table that the months were recovered from"
        raise InputError("outlook", [Problem("", what)])
    dense = {name: one for name, one in recovered.outlines.items() if not one.sparse}
    origin = max(one.last for one in recovered.outlines.values())
    until = origin + horizon
    if until % 12 == 0:  # a January may have no figure of its own
        until += 1
    ends = {name: one.future_ends(until) for name, one in dense.items()}
    panel = (
        forecast_panel(
            _panel(dense),
            {name: len(months) for name, months in ends.items()},
            preset=preset,
            also=_joining(preset),
            standard=dict.fromkeys(dense, BY_HORIZON),
            origins=origins,
            draws=recovered.draws,
            seed=recovered.seed,
            workers=workers,
            held=champions,
            progress=progress,
            reach={name: len(one.future_ends(_reach(one.last, origin, horizon))) for name, one in dense.items()},
            keep=keep,
            known=histories_then(then or {}, recovered, workers=workers, keep=keep),
        )
        if dense
        else no_forecast()
    )
    forecast = _Forecasts(recovered, observations, panel, ends, origin, until)
    wanted = set(recovered.outlines if followed is None else followed)
    paths: dict[str, Path] = {}
    for chunk in recovered.chunks:
        paths |= forecast.chunk(chunk, wanted)
        del chunk  # before the next one comes
        give_back()
    return Outlook(
        forecasts=forecast.tables.whole("forecasts"),
        headlines=forecast.tables.whole("headlines"),
        odds=forecast.tables.whole("odds"),
        paths=dict(sorted(paths.items())),
        origin=origin,
        panel=panel,
        apart=forecast.ahead.apart,
    )


def _recovered(decumulation: object) -> Recovered:
    """Recovered months that forecasts can be made of."""
    if isinstance(decumulation, Decumulation):
        decumulation = Recovered.of(decumulation)
    if not isinstance(decumulation, Recovered):
        what = f"{type(decumulation).__name__} given; give what decumulate returned, then the figures it was made from"
        raise InputError("outlook", [Problem("", what)])
    if decumulation.draws < FEWEST_JOINT_DRAWS:
        what = f"the months have {decumulation.draws} draws; recover them with draws={FEWEST_JOINT_DRAWS} or more"
        raise InputError("outlook", [Problem("", what)])
    return decumulation


class _Forecasts:
    """Forecasts of the indicators of one chunk after the other."""

    def __init__(
        self, recovered: Recovered, observations: pd.DataFrame, panel: PanelForecast, ends: Mapping[str, np.ndarray],
        origin: int, until: int,
    ) -> None:  # fmt: skip
        self._recovered, self._until = recovered, until
        self._needed = {*recovered.leans.values(), *recovered.parts}
        self.ahead = _Ahead(recovered, panel, ends)
        models = {name: champion.model for name, champion in panel.champions.items()}
        self.tables = OutlookRows(recovered, observations, origin, until, models)

    def chunk(self, chunk: Decumulation, wanted: Collection[str]) -> dict[str, Path]:
        """Enter the rows of a chunk's indicators; the paths of those that are wanted."""
        recovered, done = self._recovered, {}
        for name, path in chunk.paths.items():
            if not path.sparse:
                longer = self.ahead.path(name, path)
                self.tables.add(name, path, longer)
                if name in self._needed or name in wanted:
                    done[name] = longer
        leaning = lean(
            chunk.paths,
            done,
            related=recovered.leans,
            parts=recovered.parts,
            until=self._until,
            seed=recovered.seed,
        )
        for name, longer in leaning.items():
            self.tables.add(name, chunk.paths[name], longer)
        done |= leaning
        self.tables.settle()
        return {name: path for name, path in done.items() if name in wanted}


class _Ahead:
    """Forecast paths of densely published indicators, in which parts add up to their whole.

    What adds up is reconciled for all chunks together, since its covariance is estimated from all that is tied.
    """

    def __init__(self, recovered: Recovered, panel: PanelForecast, ends: Mapping[str, np.ndarray]) -> None:
        self._dense = {name: recovered.outlines[name] for name in ends}
        self._panel, self._ends = panel, ends
        ties, self.apart = _ties(self._dense, ends, recovered.parts)
        self._tied: dict[str, FloatArray] = {}
        together = {*ties, *(name for of in ties.values() for name in of)}
        if together:
            levels: dict[str, FloatArray] = {}
            chunks = recovered.chunks
            for chunk in chunks.holding(together) if isinstance(chunks, Chunks) else chunks:
                for name in together & chunk.paths.keys():
                    path = self._alone(name, chunk.paths[name])
                    levels[name] = np.vstack([point_levels(path, ends[name]), path.levels(ends[name])])
            self._tied = reconcile(levels, ties)

    def path(self, name: str, path: Path) -> Path:
        """A recovered path with its forecast."""
        if name not in self._tied:
            return self._alone(name, path)
        before = path.latest_ends()
        past = np.vstack([point_levels(path, before), path.levels(before)])
        growth = _growth(self._tied[name], past, path.periods_per_year)
        return path.extended(self._ends[name], growth[1:], growth[0])

    def _alone(self, name: str, path: Path) -> Path:
        sample, one = self._panel.draws[name], self._dense[name]
        middle = np.quantile(sample, 0.5, axis=0)
        growth = _growth(np.vstack([middle, sample]), one.levels, one.periods_per_year)
        growth[1:] = (1 + growth[1:]) * _beyond_recovery(path, growth.shape[1]) - 1
        return path.extended(self._ends[name], growth[1:], growth[0])


SPARE = 3
"""Months further than asked that models forecast: when another indicator's next month comes, none is fitted again."""


def _reach(last: int, origin: int, horizon: int) -> int:
    """Month index up to which the models of an indicator forecast that was last published in a month."""
    late = -(-(origin - last) // SPARE)
    return last + horizon + SPARE * max(late, 1) + 1


def _panel(dense: Mapping[str, Outline]) -> pd.DataFrame:
    months = np.concatenate([one.ends for one in dense.values()])
    return pd.DataFrame(
        {
            "unique_id": np.repeat(list(dense), [len(one.ends) for one in dense.values()]),
            "ds": (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[ns]"),
            "y": np.concatenate([one.levels for one in dense.values()]),
        }
    )


def _growth(future: FloatArray, past: FloatArray, periods: int) -> FloatArray:
    """Growth (D, H) on the year before of forecast levels (D, H) that follow past ones, (P,) or (D, P)."""
    year = np.broadcast_to(past[..., -periods:], (len(future), periods))
    line = np.concatenate([year, future], axis=1)
    growth: FloatArray = future / line[:, : future.shape[1]] - 1
    return growth


def _beyond_recovery(path: Path, steps: int) -> FloatArray:
    """Factors (D, steps) on 1 + growth in the periods ahead: what even their figures will not tell of them.

    Errors of a backtest are against months as they were recovered; a month that is not published by itself departs from
    there once more, by as much as the draws of the latest year do from their median. What is above it there passes:
    growth in the first year ahead has the factor of the draw that lies on the other side, in the second its own. So
    months depart, and the cumulative rates that were published pin them together as they did.
    """
    ends = path.latest_ends()
    known = (ends >= path.start) & path.growth_known[np.maximum(ends - path.start, 0)]
    own = np.ones((len(path.growth), len(ends)))
    own[:, known] = 1 + path.rates(ends[known])
    own /= np.median(own, axis=0)
    order = np.argsort(own, axis=0, kind="stable")
    opposite = np.empty_like(own)
    np.put_along_axis(opposite, order[::-1], np.take_along_axis(own, order, axis=0), axis=0)
    return np.hstack([opposite, own] * -(-steps // (2 * len(ends))))[:, :steps]


def _ties(
    dense: Mapping[str, Outline], ends: Mapping[str, np.ndarray], parts: Mapping[str, Sequence[str]]
) -> tuple[dict[str, dict[str, float]], tuple[str, ...]]:
    """Wholes and parts that are densely published with their levels to the same month; those that do not add up.

    Without levels nobody knows the shares of the parts.
    """
    ties, apart = {}, []
    for whole, of in sorted(parts.items()):
        names = [whole, *of]
        if not all(name in dense and dense[name].unit_level for name in names):
            continue
        if any(not np.array_equal(ends[name], ends[whole]) for name in of):
            continue
        size = [dense[name].latest_year for name in names]
        if abs(sum(size[1:]) - size[0]) <= APART * size[0]:
            ties[whole] = dict.fromkeys(of, 1.0)
        else:
            share = 100 * sum(size[1:]) / size[0]
            apart.append(f"{whole}: {', '.join(of)} make {share:.1f} % of it in the latest year; they are left apart")
    return ties, tuple(apart)
