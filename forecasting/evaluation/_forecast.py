"""Forecast a panel: backtest, combine, choose, band, draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from forecasting.errors import whole_number
from forecasting.evaluation._backtest import Paths, Progress, months_of, origins_of, resolve, run
from forecasting.evaluation._bands import error_bands, evened, left_out_coverage, sobered
from forecasting.evaluation._champion import Champion, Recipe, quantile_frame
from forecasting.evaluation._comparison import Losses, losses_of
from forecasting.evaluation._contest import contest_of, hold, standards
from forecasting.evaluation._draws import JointDraws
from forecasting.evaluation._errors import ErrorsOfEach, early_targets, errors_of
from forecasting.evaluation._panel import SOURCE, Floats, Known, Series, horizons, read_panel
from forecasting.evaluation._pooled import add_pooled
from forecasting.evaluation._selection import Scores, choose, panel_gains, score
from forecasting.memory import give_back
from forecasting.metrics import naive_lag, naive_scale
from forecasting.models import LAST_RESORT, Model, PanelModel, following_months
from forecasting.observations import month_label
from forecasting.parallel import Keep, Workers, check_workers, in_parallel
from forecasting.sampling import FEWEST_JOINT_DRAWS
from forecasting.telling import counted, told

ORIGINS = 24
"""Cut-offs of a backtest, a month apart: what split conformal bands of a short series need."""


@dataclass(frozen=True)
class Backtest:
    """Rolling-origin forecasts.

    Attributes:
        forecasts: unique_id, model, cutoff (last month of the training window), ds, step, y, forecast; only
            steps whose figure is known; the combinations are the models "median", "inverse_error" and "stack",
            and "by_horizon" beside `headline_mean`.
        failures: unique_id, model, cutoff, reason.
    """

    forecasts: pd.DataFrame
    failures: pd.DataFrame


class OnDemand(Mapping[str, Floats]):
    """Joint draws by series, made when they are asked for, since those of a large panel do not fit into memory."""

    def __init__(self, names: Sequence[str], make: Callable[[int], Floats]) -> None:
        self._position = {name: i for i, name in enumerate(names)}
        self._make = make

    def __getitem__(self, name: str) -> Floats:
        return self._make(self._position[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._position)

    def __len__(self) -> int:
        return len(self._position)


@dataclass(frozen=True)
class PanelForecast:
    """Forecasts of a panel and the evidence for them.

    Attributes:
        draws: For each series joint draws, shape (draws, horizon), made anew whenever they are asked for; row b of
            every series belongs together.
        leaderboard: unique_id, model, rank (1 is the lowest MASE; 0 if it could not be judged), mase, rmsse,
            smape (percent), coverage90 (of its own 90 % band, made without the origin judged), n_origins,
            champion, n_real_time (origins whose history is the one of the time, whatever the model).
        champions: For each series what forecasts it.
        recipes: For each series and every candidate that forecasts it from its whole history, what stands behind it.
        losses: For each series what decides on its champion.
        failures: See `Backtest.failures`; a failure from the whole history has its last month as cutoff.
        frame: Makes `backtest`.
    """

    draws: Mapping[str, Floats]
    leaderboard: pd.DataFrame
    champions: dict[str, Champion]
    recipes: dict[str, dict[str, Recipe]]
    losses: dict[str, Losses]
    failures: pd.DataFrame
    frame: Callable[[], pd.DataFrame]

    def __repr__(self) -> str:
        best = self.leaderboard[self.leaderboard["champion"]]
        rows = []
        for row in best.to_dict("records"):
            # a series that has never moved has no MASE
            score = [f"MASE {row['mase']:.3g}"] if np.isfinite(row["mase"]) else []
            if np.isfinite(row["coverage90"]):
                score.append(f"{100 * row['coverage90']:.0f} % inside the 90 % band")
            score.append(counted(row["n_origins"], "origin"))
            rows.append([row["unique_id"], row["model"], ", ".join(score) if row["n_origins"] else "not judged"])
        return told(f"PanelForecast of {len(rows)} series, each by its champion", rows)

    @cached_property
    def quantiles(self) -> pd.DataFrame:
        """unique_id, ds, model (the champion), mean, q025, q05, q10, q25, q50, q75, q90, q95, q975."""
        tables = []
        for name, champion in self.champions.items():
            sample = self.draws[name]
            ds = following_months(champion.series.ds[-1], sample.shape[1], champion.season_length)
            tables.append(quantile_frame(name, champion.model, ds, sample))
        none = quantile_frame("", "", pd.DatetimeIndex([]), np.empty((1, 0)))
        return pd.concat(tables or [none], ignore_index=True)

    @cached_property
    def backtest(self) -> pd.DataFrame:
        """See `Backtest.forecasts`."""
        return self.frame()

    def unmodelled(self) -> list[str]:
        """The series that no model could forecast, a line each with the reasons, for a person to read."""
        lines = []
        for name, champion in self.champions.items():
            if champion.model != LAST_RESORT:
                continue
            last = (self.failures["unique_id"] == name) & (self.failures["cutoff"] == pd.Timestamp(champion.ds[-1]))
            reasons = "; ".join(self.failures.loc[last, "reason"].drop_duplicates())
            lines.append(f"{name}: no model could forecast it, its last figure goes on as {LAST_RESORT} ({reasons})")
        return lines

    def left_out(self) -> list[str]:
        """The failures in words, one line per model and reason, for a person to read."""
        lines = []
        # a history that is too short, or left behind, is so at every origin, with other numbers each time
        reasons = self.failures["reason"].str.replace(r": \d+ observations;", ": too few observations;", regex=True)
        reasons = reasons.str.replace(r" by more than \S+ times its range", " by far", regex=True)
        for (reason, _), rows in self.failures.groupby([reasons, "model"], sort=True):
            where = [f"{row.unique_id} at {row.cutoff:%Y-%m}" for row in rows.itertuples(index=False)]
            more = f" and {len(where) - 3} more" if len(where) > 3 else ""
            lines.append(f"left out, {reason} ({', '.join(where[:3])}{more})")
        return lines


def backtest(
    panel: pd.DataFrame,
    horizon: int | Mapping[str, int],
    models: Sequence[str | Model | PanelModel] | None = None,
    origins: int = ORIGINS,
    *,
    preset: str = "default",
    step: int = 1,
    workers: Workers = 1,
    progress: Progress | None = None,
) -> Backtest:
    """Forecast from rolling origins by every model and combination, each from the past alone.

    Args:
        panel: Columns unique_id, ds, y; consecutive months, without Januaries if a year has 11 periods.
        horizon: Periods ahead, for all series or for each.
        models: Names of `MODELS` and `PANEL_MODELS` or models; those of the preset by default.
        origins: Cut-offs a series, on one calendar for the panel; short series get fewer, of at least 8
            observations.
        preset: One of `forecasting.models.PRESETS`.
        step: Months between cut-offs.
        workers: Processes or a cluster (`forecasting.parallel`); the result does not depend on it.
        progress: Called with (series done, series in all).

    Raises:
        InputError: A panel, horizon, preset or model that cannot be used.
    """
    series = read_panel(panel)
    candidates, pooled = resolve(models, preset)
    steps = horizons(series, horizon)
    check_workers(workers)
    cuts = origins_of(series, origins, step)
    found = run(series, steps, candidates, cuts, workers=workers, progress=progress, final=False)
    found = add_pooled(found, series, steps, pooled, final=False)
    contest = contest_of(series, found, (*candidates, *pooled))
    shown = [m for m, name in enumerate(contest.names) if name != LAST_RESORT]
    paths = [replace(each, forecast=each.forecast[shown], final=each.final[shown]) for each in contest.paths]
    names = [contest.names[m] for m in shown]
    return Backtest(_backtest_frame(series, paths, names), _failure_frame(series, paths))


def forecast_panel(
    panel: pd.DataFrame,
    horizon: int | Mapping[str, int],
    *,
    models: Sequence[str | Model | PanelModel] | None = None,
    preset: str = "default",
    also: Sequence[str] = (),
    origins: int = ORIGINS,
    draws: int = 1000,
    seed: int,
    workers: Workers = 1,
    standard: Mapping[str, str] | None = None,
    held: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    reach: Mapping[str, int] | None = None,
    keep: Keep | None = None,
    known: Known | None = None,
) -> PanelForecast:
    """Forecast every series of a panel with bands and joint draws, by the candidate that its backtest earns.

    A series that no model can forecast goes on at its last figure under the name "last_resort".

    Args:
        panel: Columns unique_id, ds, y; consecutive months, without Januaries if a year has 11 periods.
        horizon: Periods ahead, for all series or for each.
        models: Names of `MODELS` and `PANEL_MODELS` or models; those of the preset by default.
        preset: One of `forecasting.models.PRESETS`.
        also: Names of models that join the preset's, `forecasting.models.CALENDAR` for Chinese statistics.
        origins: Cut-offs of the backtest, see `backtest`.
        draws: Joint draws, at least `FEWEST_JOINT_DRAWS`.
        seed: Seed of the draws.
        workers: Processes or a cluster (`forecasting.parallel`); the result does not depend on it.
        standard: Series -> name of the model that forecasts it unless another is clearly better, where more is
            known of it than its past; elsewhere, and where that model fails, the combination that is best in the panel.
        held: Series -> name of the model that forecasts it whatever tonight's contest says, where it can.
        progress: Called with (series done, series in all).
        reach: Series -> periods that its models forecast, where they shall look further than the horizon, so that they
            need not be fitted again when it moves.
        keep: Where the models' forecasts of the same series may be kept already.
        known: Histories as they were known at past months, from which the backtest then forecasts (*real-time*);
            where there is none it forecasts from today's figures up to that month (*pseudo-real-time*). Errors are
            against today's figures.

    Raises:
        InputError: A panel, horizon, preset, model, draws or seed that cannot be used; a series with fewer than 8
            observations; a history of the past that does not fit.
    """
    series = read_panel(panel, known)
    candidates, pooled = resolve(models, preset, also)
    steps = horizons(series, horizon)
    check_workers(workers)
    draws, seed = whole_number(SOURCE, "draws", draws, FEWEST_JOINT_DRAWS), whole_number(SOURCE, "seed", seed, 0)
    cuts = origins_of(series, origins, 1)
    further = [max(h, (reach or {}).get(one.unique_id, h)) for one, h in zip(series, steps, strict=True)]
    found = run(series, further, candidates, cuts, workers=workers, progress=progress, final=True, keep=keep)
    for i, h in enumerate(steps):
        found[i] = found[i].up_to(h)
    found = add_pooled(found, series, steps, pooled, final=True)
    contest = contest_of(series, found, (*candidates, *pooled))
    give_back()
    names, paths = contest.names, contest.paths

    scores = [score(one, each) for one, each in zip(series, paths, strict=True)]
    usual = standards(series, contest, scores, standard or {})
    gains = panel_gains(scores, usual)
    resort = names.index(LAST_RESORT)
    chosen = [
        m if m == resort else choose(result, _without(each.final, resort), m, gains)
        for result, each, m in zip(scores, paths, usual, strict=True)
    ]
    chosen = [hold(one, each, names, held or {}, m) for one, each, m in zip(series, paths, chosen, strict=True)]
    naive = np.array([float(naive_scale(one.z, one.season_length)) for one in series])
    seasonal = np.array([naive_lag(len(one.y), one.season_length) > 1 for one in series])
    early, ahead = early_targets(series, paths, max(steps))
    best = sobered(errors_of(paths, chosen, max(steps)), errors_of(paths, usual, max(steps)))
    best, factor = evened(best, early, seasonal)
    bands = error_bands(best, naive, seasonal)
    wider = np.where(ahead, factor[:, None], 1.0)
    order = [one.unique_id for one in series]
    shocks = JointDraws(order, best, [each.keys for each in paths], bands, steps, draws, seed)
    champions = {}
    recipes = {one.unique_id: contest.recipes(i) for i, one in enumerate(series)}
    for i, one in enumerate(series):
        name = names[chosen[i]]
        recipe = recipes[one.unique_id][name]
        champions[one.unique_id] = Champion(
            unique_id=one.unique_id,
            model=name,
            candidates=recipe.candidates,
            fitted=recipe.fitted,
            weights=recipe.weights,
            learnt=recipe.learnt,
            y=tuple(one.y.tolist()),
            ds=tuple(month_label(month) for month in months_of(one.ds).tolist()),
            season_length=one.season_length,
            scale=one.scale,
            sigma=tuple(bands.sigma[i, : steps[i]].tolist()),
            early=float(factor[i]),
            quantiles=tuple(bands.quantiles[i].tolist()),
        )
    errors = ErrorsOfEach(paths, len(names), early, naive, seasonal)
    covered = np.array(in_parallel(left_out_coverage, errors, workers, names=names))
    return PanelForecast(
        draws=OnDemand(order, partial(_drawn, series, paths, chosen, shocks, wider)),
        leaderboard=_leaderboard(series, scores, names, chosen, covered, _real_time(series, paths, known or {})),
        champions=champions,
        recipes=recipes,
        losses={
            one.unique_id: losses_of(
                one,
                each,
                [name if m != resort or m == chosen[i] else "" for m, name in enumerate(names)],
                names[usual[i]],
            )
            for i, (one, each) in enumerate(zip(series, paths, strict=True))
        },
        failures=_failure_frame(series, paths),
        frame=partial(_backtest_shown, series, paths, names, champions),
    )


# functions of the module, so that a forecast can be pickled
def _drawn(
    series: Sequence[Series], paths: Sequence[Paths], chosen: Sequence[int], shocks: JointDraws, wider: Floats, i: int
) -> Floats:
    """Draws of a series, shape (draws, horizon)."""
    middle = paths[i].final[chosen[i]]
    return series[i].back(middle + shocks.of(i) * wider[i, : len(middle)])


def _backtest_shown(
    series: Sequence[Series], paths: Sequence[Paths], names: Sequence[str], champions: Mapping[str, Champion]
) -> pd.DataFrame:
    return _without_resort(_backtest_frame(series, paths, names), champions)


def _without(final: Floats, position: int) -> Floats:
    """The forecasts with one of them taken away."""
    out = final.copy()
    out[position] = np.nan
    return out


def _leaderboard(
    series: Sequence[Series],
    scores: Sequence[Scores],
    names: Sequence[str],
    chosen: Sequence[int],
    covered: Floats,
    real_time: Sequence[int],
) -> pd.DataFrame:
    models = np.array(names, dtype=object)
    mase, rmsse, smape = (
        np.array([_mean(getattr(each, name)) for each in scores]) for name in ("mase", "rmsse", "smape")
    )
    judged = np.array([np.isfinite(each.smape).sum(axis=1) for each in scores])
    champion = np.arange(len(names)) == np.array(chosen)[:, None]
    order = np.argsort(mase, axis=1, kind="stable")  # what could not be judged comes last
    shown = np.take_along_axis((models != LAST_RESORT) | champion, order, axis=1)
    row = np.broadcast_to(np.arange(len(series))[:, None], shown.shape)[shown]
    place = order[shown]
    rank = np.where(np.isnan(mase[row, place]), 0, np.cumsum(shown, axis=1)[shown])
    return pd.DataFrame(
        {
            "unique_id": np.array([one.unique_id for one in series], dtype=object)[row],
            "model": models[place],
            "rank": rank,
            "mase": mase[row, place],
            "rmsse": rmsse[row, place],
            "smape": smape[row, place],
            "coverage90": covered[place, row],
            "n_origins": judged[row, place],
            "champion": champion[row, place],
            "n_real_time": np.array(real_time)[row],
        }
    )


def _real_time(series: Sequence[Series], paths: Sequence[Paths], known: Known) -> list[int]:
    """Origins of each series at which it is known what was known."""
    return [
        int(one.ds[each.ends - 1].isin(list(known.get(one.unique_id, ()))).sum())
        for one, each in zip(series, paths, strict=True)
    ]


def _mean(values: Floats) -> Floats:
    count = np.isfinite(values).sum(axis=1)
    return np.asarray(np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan))


def _backtest_frame(series: Sequence[Series], paths: Sequence[Paths], names: Sequence[str]) -> pd.DataFrame:
    tables = []
    for one, each in zip(series, paths, strict=True):
        m, o, h = np.nonzero(np.isfinite(each.forecast) & np.isfinite(each.actual)[None])
        end = each.ends[o] if len(o) else np.zeros(0, dtype=int)
        tables.append(
            pd.DataFrame(
                {
                    "unique_id": one.unique_id,
                    "model": np.array(names, dtype=object)[m],
                    "cutoff": one.ds.to_numpy()[end - 1],
                    "ds": one.ds.to_numpy()[end + h],
                    "step": h + 1,
                    "y": one.y[end + h],
                    "forecast": one.back(each.forecast[m, o, h]),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _without_resort(backtest: pd.DataFrame, champions: Mapping[str, Champion]) -> pd.DataFrame:
    """The backtest without the last resort, but for the series that it forecasts."""
    resorted = [name for name, champion in champions.items() if champion.model == LAST_RESORT]
    shown = (backtest["model"] != LAST_RESORT) | backtest["unique_id"].isin(resorted)
    return backtest[shown].reset_index(drop=True)


def _failure_frame(series: Sequence[Series], paths: Sequence[Paths]) -> pd.DataFrame:
    rows = [
        (one.unique_id, model, one.ds[end - 1], reason)
        for one, each in zip(series, paths, strict=True)
        for model, end, reason in each.failures
    ]
    table = pd.DataFrame(rows, columns=["unique_id", "model", "cutoff", "reason"])
    return table.astype({"cutoff": "datetime64[ns]"})
