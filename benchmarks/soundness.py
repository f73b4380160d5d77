"""Whether a home is sound: databases, releases, ledger, MLflow; and what it holds, to be compared with another home."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sqlalchemy import create_engine, func, select, table, text
from sqlalchemy.engine import URL, make_url

from forecasting.errors import PublishError
from forecasting.publishing import altered

CONTENT = {
    "observations": "SELECT indicator, period, measure, released_at, value, decimals, unit, status, revision"
    " FROM observations",
    "forecasts": "SELECT run_id, indicator, target, period, origin, model, mean, q05, q95, scale FROM forecast_archive",
    "nights forecast": "SELECT run_id, night, content FROM forecast_nights",
    "champions": "SELECT indicator, day, model, run_id, reason FROM champions",
    "metrics of the indicators": "SELECT tags.value, metrics.key, metrics.step, metrics.value, metrics.is_nan"
    " FROM metrics JOIN tags ON tags.run_uuid = metrics.run_uuid AND tags.key = 'cumulus.indicator'",
    "nights tracked": "SELECT tags.value FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid"
    " AND tags.key = 'cumulus.run_id' JOIN experiments USING (experiment_id)"
    " WHERE runs.status = 'FINISHED' AND experiments.name = 'cumulus/nights'",
    "model versions": "SELECT versions.name, tags.value FROM model_versions AS versions"
    " JOIN model_version_tags AS tags ON tags.name = versions.name AND tags.version = versions.version"
    " AND tags.key = 'cumulus.sha256' WHERE versions.current_stage <> 'Deleted_Internal'",
    "aliases": "SELECT aliases.name, aliases.alias, tags.value FROM registered_model_aliases AS aliases"
    " JOIN model_version_tags AS tags ON tags.name = aliases.name AND tags.version = aliases.version"
    " AND tags.key = 'cumulus.sha256'",
}
"""What a night leaves in its databases and what must be there once."""
TRACKED = ("metrics of the indicators", "nights tracked", "model versions", "aliases")


class Home:
    """A home folder with its databases.

    Args:
        folder: The home.
        store: URL of its store.
        tracking: URL of its MLflow store.
    """

    def __init__(self, folder: Path, store: str = "", tracking: str = "") -> None:
        self.folder = folder
        self.store = store or f"sqlite:///{folder / 'var' / 'cumulus.db'}"
        self.tracking = tracking or f"sqlite:///{folder / 'mlruns' / 'mlflow.db'}"

    def rows(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, sorted; none where there is no such database or table yet."""
        path = make_url(url)
        if path.get_backend_name() == "sqlite" and not Path(str(path.database)).exists():
            return []
        engine = create_engine(_driven(path))
        try:
            with engine.connect() as connection:
                tables = set(engine.dialect.get_table_names(connection))
                used = [word for word in query.replace(",", " ").split() if word in KNOWN]
                if not tables.issuperset(used):
                    return []
                return sorted((tuple(row) for row in connection.execute(text(query))), key=repr)
        finally:
            engine.dispose()

    def content(self) -> dict[str, Counter[tuple[Any, ...]]]:
        """Of every query in `CONTENT`: its rows, and how often each is there."""
        return {
            name: Counter(self.rows(self.tracking if name in TRACKED else self.store, query))
            for name, query in CONTENT.items()
        }

    def tables(self) -> dict[str, str]:
        """Name of every table of the newest release -> its sha256."""
        latest = self.folder / "var" / "published" / "latest"
        return {path.name: _sha256(path) for path in sorted(latest.glob("*.csv"))}

    def faults(self, *, whole: bool) -> list[str]:
        """What is wrong with the home, in words.

        Args:
            whole: The last night has ended well; else it may have been killed.
        """
        found = [f"{url}: {what}" for url in (self.store, self.tracking) for what in _database(url)]
        found += _release(self.folder / "var" / "published")
        running = self.rows(self.store, "SELECT run_id FROM ledger_runs WHERE status = 'running'")
        if len(running) > (0 if whole else 1):
            found.append(f"ledger: {len(running)} runs are still running")
        found += self._registry()
        if whole:
            found += [f"{name}: {row} is there {n} times" for name, rows in self.content().items()
                      for row, n in rows.items() if n > 1]  # fmt: skip
            found += [f"left behind: {path.name}" for path in self._left_behind()]
            query = "SELECT run_uuid FROM runs WHERE status = 'RUNNING'"
            found += [f"MLflow: run {row[0]} is still running" for row in self.rows(self.tracking, query)]
        return found

    def _registry(self) -> list[str]:
        found = []
        query = "SELECT name, version, source FROM model_versions WHERE current_stage <> 'Deleted_Internal'"
        tags = self.rows(
            self.tracking, "SELECT name, version, value FROM model_version_tags WHERE key = 'cumulus.sha256'"
        )
        for name, version, source in self.rows(self.tracking, query):
            folder = Path(url2pathname(urlsplit(source).path))
            said = [row[2] for row in tags if row[:2] == (name, version)]
            file = folder / "artifacts" / "forecaster.json"
            if not (folder / "MLmodel").exists() or not file.exists():
                found.append(f"model {name} version {version}: its folder is not whole")
            elif said != [_sha256(file)]:
                found.append(f"model {name} version {version}: its forecaster has another sha256 than its tag")
        return found

    def _left_behind(self) -> list[Path]:
        patterns = ("var/published/.latest-*", "var/published/releases/.*", "var/raw/**/.*.part")
        return [path for pattern in patterns for path in self.folder.glob(pattern)]


KNOWN = {
    "observations", "forecast_archive", "forecast_nights", "champions", "ledger_runs", "ledger_steps", "metrics",
    "tags", "runs", "experiments", "model_versions", "model_version_tags", "registered_model_aliases",
}  # fmt: skip


def _driven(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _database(url: str) -> list[str]:
    path = make_url(url)
    if path.get_backend_name() == "sqlite":
        if not Path(str(path.database)).exists():
            return []
        connection = sqlite3.connect(str(path.database))
        try:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            said += [f"foreign key of {row[0]}" for row in connection.execute("PRAGMA foreign_key_check")]
        finally:
            connection.close()
        return [what for what in said if what != "ok"]
    found = []
    engine = create_engine(_driven(path), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for name in engine.dialect.get_table_names(connection):
                counts = set()
                for scan in ("enable_seqscan", "enable_indexscan"):  # the table's rows, and its index's
                    connection.execute(text(f"SET {scan} = off"))
                    counts.add(connection.scalar(select(func.count()).select_from(table(name))))
                    connection.execute(text(f"SET {scan} = on"))
                if len(counts) > 1:
                    found.append(f"{name}: its index has another number of rows")
            if connection.scalar(text("SELECT count(*) FROM pg_prepared_xacts")):
                found.append("a transaction is left open")
    finally:
        engine.dispose()
    return found


def _release(root: Path) -> list[str]:
    latest = root / "latest"
    if not latest.is_symlink():
        return []
    try:
        broken = altered(latest)
    except PublishError as error:
        return [f"latest: {error}"]
    found = [f"latest: {path} is missing or not the one that was published" for path in broken]
    if not (latest / "provenance.json").exists():
        found.append("latest: no provenance.json")
    return found
