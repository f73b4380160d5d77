"""What a night owes to earlier ones: their forecasts scored, their champions in place; and what it leaves behind.

The tables of a night depend on the archive of forecasts and the history of champions of the nights *before its day*,
which are therefore part of its key: the same night again finds the same of them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.catalog import ZONE
from forecasting.errors import InputError, Problem, TrackingError
from forecasting.observations import RATES, month_index, month_label
from forecasting.store import ChampionHistory, ForecastArchive, Reign
from jobs.ledger import Ledger
from jobs.locks import sole_worker

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from forecasting.catalog import Catalog
    from forecasting.evaluation import Decision
    from forecasting.settings import ChampionSettings, Settings
    from jobs.results import Derived, Fitted

__all__ = [
    "Memory",
    "alarms",
    "changes",
    "digest",
    "night_of",
    "roll_back",
    "score_lines",
    "warnings_of",
    "with_references",
]

MONTHS = 24
"""Months of figures, the latest ones, whose scores are published; the archive keeps all forecasts."""

EXACT, NO_NOISE = 17, 12
"""Significant digits that tell any two numbers apart, as results do, and those that two computations agree on."""

AT_A_TIME = 500
"""Indicators whose forecasts get their references at a time."""

NONE = np.zeros(0, dtype=np.int64)

ERRORS = ("abs_error", "no_change_abs_error", "seasonal_naive_abs_error")


def night_of(now: dt.datetime, as_of: dt.date | None = None) -> tuple[dt.date, dt.datetime]:
    """The day of a night and the moment up to which it knows figures: now, or the end of a past day.

    Raises:
        InputError: That day is yet to come.
    """
    today = now.astimezone(ZONE).date()
    if as_of is None:
        return today, now
    if as_of > today:
        raise InputError("as of", [Problem("", f"{as_of} is yet to come; today is {today}, name no later day")])
    return as_of, min(now, dt.datetime.combine(as_of, dt.time.max, ZONE).astimezone(dt.UTC))


def digest(frame: pd.DataFrame, *, digits: int = EXACT) -> str:
    """SHA-256 of a frame as a CSV file whose numbers have so many significant digits."""
    from forecasting.publishing import csv_pieces

    found = hashlib.sha256()
    for piece in csv_pieces(frame, digits=digits):
        found.update(piece)
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Memory:
    """What the store knows of earlier nights.

    Attributes:
        catalog: What is followed.
        day: The night's day.
        moment: Up to which figures are known.
        archive: Forecasts of all nights.
        history: Champions of all nights.
        standing: Forecasts whose figure has appeared, see `ForecastArchive.standing`.
        first: The first prints that they are judged by, see `forecasting.evaluation.figures`.
        reigns: Champions decided before the day, by indicator, oldest first.
    """

    catalog: Catalog
    day: dt.date
    moment: dt.datetime
    archive: ForecastArchive
    history: ChampionHistory
    standing: pd.DataFrame
    first: pd.DataFrame
    reigns: Mapping[str, list[Reign]]

    @classmethod
    def recall(cls, engine: Engine, catalog: Catalog, day: dt.date, moment: dt.datetime) -> Memory:
        """Read what a night of a day, with the figures known at a moment, owes to the nights before that day.

        Of the catalogue's indicators alone: one that is no longer followed is not judged, and back in it, is again. Nor
        are levels in another unit than the figures that would judge them.
        """
        from forecasting.evaluation import figures

        archive, history = ForecastArchive(engine), ChampionHistory(engine)
        standing = archive.standing(moment, before=day, since=_since(day))
        standing = standing[standing["indicator"].isin(catalog.ids) & ~_other_units(standing, catalog)]
        standing = standing.reset_index(drop=True)
        first = figures(_own(archive.prints(moment, since=_since(day, 1)), catalog))
        judged = standing[["indicator", "target", "period", "months"]].drop_duplicates()
        first = judged.merge(first, how="inner", validate="one_to_one")
        reigns = {name: of for name, of in history.before(day).items() if name in catalog}
        return cls(catalog, day, moment, archive, history, standing, first, reigns)

    @property
    def champions(self) -> dict[str, str]:
        """Indicator -> the model that forecasts it tonight."""
        return {name: reigns[-1].model for name, reigns in sorted(self.reigns.items())}

    def inputs(self) -> dict[str, Any]:
        """What a night's tables and decisions depend on, by hash or in words."""
        since = [[name, reigns[-1].day.isoformat()] for name, reigns in sorted(self.reigns.items())]
        return {
            "forecasts_scored": digest(self.standing),
            "first_prints": digest(self.first),
            "champions": self.champions,
            "champions_since": hashlib.sha256(json.dumps(since).encode()).hexdigest(),
        }

    def score(self, observations: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """The tables scorecard and drift: the standing forecasts against the catalogue's figures known now."""
        from forecasting.evaluation import drift_report, figures, score_forecasts

        recent = observations[observations["period"] >= _since(self.day, 1)]
        latest = figures(_own(recent, self.catalog).assign(appeared=self.moment))
        scorecard = score_forecasts(self.standing, self.first, latest)
        return {"scorecard": scorecard, "drift": drift_report(scorecard)}

    def decide(self, outlook: Fitted, settings: ChampionSettings) -> list[Decision]:
        """Who is champion from the next night on."""
        from forecasting.evaluation import Incumbent, decide_champions

        panel = outlook.panel
        return decide_champions(
            panel.losses,
            {name: champion.model for name, champion in panel.champions.items()},
            {name: Incumbent(reigns[-1].model, reigns[-1].day) for name, reigns in self.reigns.items()},
            self.day,
            level=settings.level,
            cool_down=settings.cool_down,
        )

    def keep(
        self,
        run_id: str,
        moment: dt.datetime,
        made_at: dt.datetime,
        forecasts: pd.DataFrame,
        decisions: list[Decision],
    ) -> int:
        """Archive a night's forecasts and enter its changes of champion, see `settle`.

        Args:
            run_id: The run, whose release comes next.
            moment: Up to which figures were known.
            made_at: When it was run.
            forecasts: See `with_references`.
            decisions: See `decide`.

        Returns:
            Number of forecasts archived.
        """
        self.settle(run_id, [one.unique_id for one in decisions], changes(decisions))
        return self.archive.add(
            forecasts,
            run_id=run_id,
            night=self.day,
            vintage=moment,
            made_at=made_at,
            content=digest(forecasts, digits=NO_NOISE),
        )

    def settle(self, run_id: str, judged: Collection[str], changed: Mapping[str, Sequence[str]]) -> None:
        """Let the decisions of a run stand for its day, in place of those of other runs of it.

        Args:
            run_id: The run.
            judged: Indicators that it decided about.
            changed: See `changes`.
        """
        reigns = [Reign(name, self.day, model, run_id, reason) for name, (model, reason) in changed.items()]
        self.history.settle(self.day, judged, reigns)


def changes(decisions: Sequence[Decision]) -> dict[str, list[str]]:
    """Indicator -> its champion from the next night on, where that is another one, and why."""
    return {
        one.unique_id: [one.rival if one.promoted else one.champion, _reason(one)]
        for one in decisions
        if one.promoted or one.crowned
    }


def _own(observations: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    """The catalogue's figures, without levels in another unit than its own."""
    return observations[observations["indicator"].isin(catalog.ids) & ~catalog.other_units(observations)]


def _other_units(forecasts: pd.DataFrame, catalog: Catalog) -> pd.Series[bool]:
    """Which forecasts are levels in another unit than the catalogue's, or on a base of their own."""
    own = forecasts["indicator"].map({item.id: item.unit for item in catalog})
    return (forecasts["target"] == "level") & forecasts["unit"].notna() & forecasts["unit"].ne(own)


def _since(day: dt.date, before: int = 0) -> str:
    """The first period whose scores a night publishes, or some months before, from which a level is the difference."""
    return month_label(month_index(day.isoformat()[:7]) - MONTHS - before)


def with_references(outlook: Fitted, decumulation: Derived, observations: pd.DataFrame) -> pd.DataFrame:
    """The forecasts of a night as they are archived: with unit, no change, seasonal naive and the scale of errors.

    The rows of target ytd_yoy are the headlines too. The unit of levels of which none is published is "": they are on
    a base of their own, and no figure ever judges them.
    """
    import pandas as pd

    from forecasting.evaluation import add_references, years_ahead

    rates = observations[observations["measure"] == "ytd_yoy"]
    frames = [outlook.forecasts, decumulation.monthly, rates]
    rows = [frame.groupby("indicator").indices for frame in frames]
    names, years, out = sorted(map(str, rows[0])), years_ahead(outlook.forecasts), []
    for start in range(0, len(names), AT_A_TIME):
        some = names[start : start + AT_A_TIME]
        forecasts, monthly, published = (
            frame.iloc[np.sort(np.concatenate([of.get(name, NONE) for name in some]))]
            for frame, of in zip(frames, rows, strict=True)
        )
        out.append(add_references(forecasts, _history(forecasts, monthly, published), years))
    whole = pd.concat(out, ignore_index=True).rename(columns={"month": "period"})
    units = observations[~observations["measure"].isin(RATES)].groupby("indicator")["unit"].first()
    whole["unit"] = whole["indicator"].map(units).fillna("").where(whole["target"] == "level", "percent")
    return whole


def _history(forecasts: pd.DataFrame, monthly: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """What was known of each target up to the origin of its forecasts."""
    import pandas as pd

    recovered = [
        pd.DataFrame({"indicator": monthly["indicator"], "target": target, "month": monthly["month"], "value": value})
        for target, value in (("level", monthly["level"] / monthly["months"].astype(float)), ("yoy", monthly["yoy"]))
    ]
    published = rates[["indicator", "period", "value"]].rename(columns={"period": "month"}).assign(target="ytd_yoy")
    history = pd.concat([*recovered, published], ignore_index=True)
    origin = forecasts.groupby("indicator")["origin"].first()
    return history[history["month"] <= history["indicator"].map(origin)]  # a sparse one is recovered beyond it


def warnings_of(scorecard: pd.DataFrame, drift: pd.DataFrame) -> list[str]:
    """What a scorecard and its drift tests warn of, in words; of surprises the latest figure of each target."""
    from forecasting.evaluation import last_forecasts

    latest = last_forecasts(scorecard).drop_duplicates(["indicator", "target"], keep="last")
    lines = [
        f"surprise: {row.indicator} {row.target} of {row.period} came in at {_digits(row.actual, 10)}, outside the 95 %"
        f" band {_digits(row.q025, 4)} to {_digits(row.q975, 4)} of {row.forecast_as_of:%Y-%m-%d}"
        for row in latest[~latest["inside95"]].itertuples()
    ]
    for row in drift.to_dict("records"):
        head = f"drift: {row['indicator']} {row['target']}, {row['n']} figures:"
        if row["alarm"] in ("loss", "coverage_and_loss"):
            lines.append(
                f"{head} errors are larger than promised, MASE {row['mase']:.2f} against {row['expected_mase']:.2f}"
                f" expected (cumulative sum {row['cusum']:.1f}, limit {row['cusum_limit']:g})"
            )
        if row["alarm"] in ("coverage", "coverage_and_loss"):
            held = f"{100 * row['coverage80']:.0f} and {100 * row['coverage95']:.0f} %"
            lines.append(f"{head} bands of 80 and 95 % held {held} (adjusted p {row['p_adjusted']:.3f})")
    return lines


def _digits(value: Any, significant: int) -> str:
    """A number of so many significant digits, never as a power of ten."""
    return np.format_float_positional(value, precision=significant, fractional=False, trim="-")


def alarms(release: Path) -> list[str]:
    """What a release warns of; nothing where there is none, or one made before it had a scorecard."""
    from forecasting.publishing import read_release

    if not (release / "scorecard.csv").exists():
        return []
    tables = read_release(release, only=("scorecard", "drift"))
    return warnings_of(tables["scorecard"], tables["drift"])


def score_lines(settings: Settings, as_of: dt.date | None = None) -> list[str]:
    """The scorecard by target and months ahead, in lines of text, and the drift alarms.

    Args:
        settings: Of this installation.
        as_of: Use what was released by the end of this day in Asia/Shanghai and by now; by default what is known now.
    """
    from forecasting.catalog import load_catalog
    from forecasting.store import Store

    day, moment = night_of(dt.datetime.now(dt.UTC), as_of)
    catalog = load_catalog(settings.catalog, settings.calendar)
    if not settings.has_store:
        return ["nothing to score yet; cumulus run makes the first forecasts"]
    with Store.open(settings.store) as store:
        tables = Memory.recall(store.engine, catalog, day, moment).score(store.as_of(moment))
    rows = tables["scorecard"].query("print == 'first'")
    if rows.empty:
        return [f"no figure has appeared by {day} that an earlier night had forecast"]
    lines = [f"{'':<10}{'figures':>9}{'MASE':>8}{'no change':>11}{'seasonal':>10}{'in 80 %':>9}{'in 95 %':>9}"]
    for (target, step), group in rows.groupby(["target", "step"]):
        scale = group["scale"].where(group["scale"] > 0)
        errors = [(group[name] / scale).mean() for name in ERRORS]
        covered = [100 * group[name].mean() for name in ("inside80", "inside95")]
        line = (
            f"{target:<8}{step:>2}{len(group):>9}{errors[0]:>8.3f}{errors[1]:>11.3f}{errors[2]:>10.3f}"
            f"{covered[0]:>9.0f}{covered[1]:>9.0f}"
        )
        lines.append(line.replace("nan", "  -"))
    return lines + warnings_of(tables["scorecard"], tables["drift"])


def roll_back(settings: Settings, indicator: str) -> tuple[str, str]:
    """Make the champion before the present one champion again, from the next night on.

    Returns:
        What was done, and what could not be since MLflow's store is away; "" where nothing was missing.

    Raises:
        CatalogError: The catalogue has no such indicator.
        InputError: It never had another champion, or that one does not compete under the present settings.
        BusyError: A night is at work.
    """
    from forecasting.catalog import load_catalog
    from forecasting.outlook import candidates
    from forecasting.tracking import Tracker

    indicator = load_catalog(settings.catalog, settings.calendar)[indicator].id
    day, _ = night_of(dt.datetime.now(dt.UTC))
    if not settings.has_store:
        raise InputError("rollback", [Problem(indicator, "has had no champion yet; cumulus run makes the first")])
    with sole_worker(settings) as (store, _):
        history = ChampionHistory(store.engine)
        reigns = history.before(day + dt.timedelta(days=1)).get(indicator, [])
        others = [one for one in reigns if one.model != reigns[-1].model]
        if not others:
            what = "has had no champion yet" if not reigns else f"has had no champion but {reigns[-1].model}"
            raise InputError("rollback", [Problem(indicator, f"{what}; there is nothing to go back to")])
        model, preset = others[-1].model, settings.fit.preset
        if model not in candidates(preset):
            what = f"{model}, its champion before, is no candidate of the preset {preset!r}; choose one with it"
            raise InputError("rollback", [Problem(indicator, what)])
        tonight = Ledger(store.engine).before((day + dt.timedelta(days=1)).isoformat())
        if tonight is None or tonight.night < day.isoformat():  # a night that is still to come is the next one
            day -= dt.timedelta(days=1)
        history.add([Reign(indicator, day, model, "", f"rolled back from {reigns[-1].model} by hand")])
        moved, missing = False, ""
        try:
            moved = Tracker(settings.tracking, settings.artifacts).roll_back(indicator, model)
        except TrackingError as error:  # no failure: done again, it would take the rollback back
            missing = f"the alias champion stays where it is until then: {error}"
    alias = "the alias champion is back on it" if moved else "the next night registers it"
    return f"{indicator}: {model} forecasts from the next night on, instead of {reigns[-1].model}; {alias}", missing


def _reason(one: Decision) -> str:
    if one.test is None:
        return one.reason
    numbers = f"DM {one.test.statistic:.2f}, p {one.test.p_value:.4f}, adjusted {one.p_adjusted:.4f}, n {one.test.n}"
    saved = f"{one.rival} saves {100 * one.gain:.1f} % of {one.champion}'s loss in the next months"
    return f"{one.reason}: {saved} ({numbers})"
