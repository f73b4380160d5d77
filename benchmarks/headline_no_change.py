"""Cumulative rates forecast at rolling origins against no change: mean absolute errors by step, pseudo-real-time.

The candidate judged is the one that forecasts an indicator by default (growth smoothed where no level is published, the
median of all models elsewhere), not the champion, which was chosen on these origins.
"""

from __future__ import annotations

import pandas as pd

from forecasting import decumulate, make_outlook
from forecasting.catalog import load_catalog
from forecasting.observations import month_index
from forecasting.reference import load_observations

STEPS = (1, 3, 6, 11)
ORIGINS = 36


def year_to_date(level: dict[int, float], month: int) -> float | None:
    """Cumulative rate of a month in percent out of levels by month index, None where a year earlier is unknown."""
    months = [m for m in range(month // 12 * 12, month + 1) if m in level]
    if any(m - 12 not in level for m in months):
        return None
    return 100 * (sum(level[m] for m in months) / sum(level[m - 12] for m in months) - 1)


def errors(level: dict[int, float], forecasts: pd.DataFrame) -> list[tuple[int, float, float]]:
    """(step, error of the forecast, error of no change) of every origin and wanted step, in points."""
    found = []
    for cutoff, rows in forecasts.groupby("cutoff"):
        last = month_index(f"{cutoff:%Y-%m}")
        known = {month: value for month, value in level.items() if month <= last}
        ahead = {month_index(f"{row.ds:%Y-%m}"): row.forecast for row in rows.itertuples()}
        latest = year_to_date(known, last)
        for row in rows[rows["step"].isin(STEPS)].itertuples():
            month = month_index(f"{row.ds:%Y-%m}")
            actual, forecast = year_to_date(level, month), year_to_date(known | ahead, month)
            if actual is not None and forecast is not None and latest is not None:
                found.append((row.step, abs(forecast - actual), abs(latest - actual)))
    return found


def main() -> None:
    """Print a line per indicator and the mean over indicators."""
    table = load_observations()
    related = {item.id: item.related for item in load_catalog() if item.related}
    recovered = decumulate(table, related=related, draws=200)
    outlook = make_outlook(recovered, table, horizon=12, origins=ORIGINS, workers=2)
    print(f"{'indicator':<30}{'model':<12}" + "".join(f"{f'h={h}':>18}" for h in STEPS))
    for name, path in recovered.paths.items():
        if path.sparse:
            continue
        ends, values = path.periods()
        level = dict(zip(map(int, ends), values, strict=True))
        model = "inverse_error" if path.unit_level else "growth_ses"
        rows = outlook.panel.backtest.query("unique_id == @name and model == @model")
        frame = pd.DataFrame(errors(level, rows), columns=["h", "forecast", "no_change"]).groupby("h").mean()
        cells = [f"{frame.at[h, 'forecast']:7.2f} /{frame.at[h, 'no_change']:6.2f}" for h in STEPS if h in frame.index]
        print(f"{name:<30}{model:<12}" + "".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()
