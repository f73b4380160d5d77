"""Homes in which a night takes seconds: three indicators with made-up figures, few draws, the preset `fast`.

`start_night` runs the command `cumulus run` in a forked process, so that everything is imported once for hundreds of
nights; from the command line on it is the same code.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.observations import month_index, month_label

INDICATORS = ("cn_industrial_va", "cn_fai_automotive", "made_up_town")
SPARSE = "made_up_town"
FIRST, LAST = month_index("2022-02"), month_index("2027-12")
ZONE = dt.timezone(dt.timedelta(hours=8))
RELEASE_DAY = 16

ENTRY = """
[[indicator]]
id = "{name}"
title_en = "{name}"
title_zh = "{name}"
region = "CN"
sector = "industry"
unit = "index"
decimals = 1
role = "context"
family = "made_up"
{related}source = {{ connector = "file" }}
publisher = "Made up"
release = {{ lag = 1, day = 16, time = "10:00", no_january_since = 2009 }}
"""
SETTINGS = """
catalog = "{home}/catalog.toml"
[fit]
preset = "fast"
origins = 4
draws = 100
horizon = 6
workers = {workers}
[projection]
draws = 64
assumptions = "{assumptions}"
[schedule]
patience_s = {patience_s}
[sources]
pull = ["file"]
"""
IMPORTS = (
    "mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store", "SALib.sample.sobol", "statsforecast.models",
    "statsmodels.tsa.api", "forecasting.decumulation", "forecasting.handover", "forecasting.outlook",
    "forecasting.projection", "forecasting.revisions", "forecasting.tracking", "jobs.cli", "jobs.nightly",
    "jobs.review", "jobs.summary",
)  # fmt: skip
ASSUMPTIONS = Path(__file__).resolve().parent.parent / "docs" / "examples" / "lithium.toml"


def make_home(home: Path, *, workers: int = 1, patience_s: float = 30, more: str = "") -> None:
    """Write settings (with `more` at their end) and catalogue of a home without figures."""
    (home / "var" / "drop").mkdir(parents=True)
    settings = SETTINGS.format(home=home, workers=workers, patience_s=patience_s, assumptions=ASSUMPTIONS)
    (home / "cumulus.toml").write_text(settings + more, encoding="utf-8")
    entries = [
        ENTRY.format(name=name, related=f'related = "{INDICATORS[0]}"\n' if name == SPARSE else "")
        for name in INDICATORS
    ]
    (home / "catalog.toml").write_text("".join(entries), encoding="utf-8")


def figures() -> pd.DataFrame:
    """Every figure that there will ever be, in the columns of a drop file; `released_at` with its zone."""
    rng = np.random.default_rng(8)
    months = LAST - FIRST + 14
    profile = 0.08 * rng.standard_normal(12)
    rows = []
    for name in INDICATORS:
        trend = np.cumsum(0.004 + 0.004 * rng.standard_normal(months))
        index = np.arange(FIRST - 13, LAST + 1)
        level = 100 * np.exp(trend + profile[index % 12] + 0.01 * rng.standard_normal(months))
        total = np.array([level[max(0, i - index[i] % 12) : i + 1].sum() for i in range(months)])
        for i in range(13, months):
            if index[i] % 12 == 0 or (name == SPARSE and index[i] % 12 not in (5, 11)):
                continue
            after = month_label(int(index[i]) + 1)
            rows.append((
                name, month_label(int(index[i])), "ytd_yoy", round(100 * (total[i] / total[i - 12] - 1), 1), "percent",
                f"{after}-{RELEASE_DAY}T10:00:00+08:00",
            ))  # fmt: skip
    return pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit", "released_at"])


def publish_until(home: Path, day: dt.date, name: str = "figures.csv") -> None:
    """Put what has been released by the end of a day into the drop folder, in one step."""
    table = figures()
    known = table[table["released_at"].str[:10] <= day.isoformat()]
    part = home / "var" / f"{name}.part"
    known.to_csv(part, index=False)
    part.replace(home / "var" / "drop" / name)


def import_all() -> None:
    """Import what a night imports on its way, once for all forked nights."""
    for name in IMPORTS:
        importlib.import_module(name)


def start_night(home: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
    """Fork a process that runs `cumulus run` in a home; gives its pid. Its output goes to `night.log` there."""

    def night() -> int:
        os.environ.update(environment or {})
        from jobs.cli import main

        sys.argv = ["cumulus", "run", *arguments]
        main()
        return 0

    return fork(home, night)


def fork(home: Path, work: Callable[[], int]) -> int:
    """Do something in a process of its own, with a session, a home and a log of its own; gives its pid."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setsid()
        log = os.open(home / "night.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ["CUMULUS_HOME"] = str(home)
        code = work()
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def end_of(pid: int) -> int:
    """Wait for a night; its exit code, or the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_after(pid: int, seconds: float) -> int | None:
    """SIGKILL a night after some seconds; its exit code if it ended before."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(min(0.005, max(0.0, until - time.monotonic())))
    os.kill(pid, signal.SIGKILL)
    end_of(pid)
    return None
