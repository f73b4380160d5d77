"""What the packaged catalogue keeps on disk after one night and after each of three more, by part.

python benchmarks/sizes.py
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from forecasting.settings import FitSettings, ProjectionSettings, Settings
from jobs.nightly import run_night
from jobs.state import read_state

FIRST = dt.datetime(2026, 1, 20, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
NIGHTS = 4


def main() -> None:
    """Run nights a day apart and print a line each, in MB."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), fit=FitSettings(preset="fast"), projection=ProjectionSettings(draws=512))
        for night in range(NIGHTS):
            now = FIRST + dt.timedelta(days=night)
            run_night(settings, clock=lambda moment=now: moment)
            state = read_state(settings, now)
            parts = "  ".join(f"{part} {size / 1e6:.1f}" for part, size in state["sizes"].items())
            print(f"night {night + 1}, {len(state['indicators'])} indicators, MB: {parts}")


if __name__ == "__main__":
    main()
