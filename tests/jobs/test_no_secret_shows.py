"""A night with a password in every address, and then a look at everything that it left behind."""

from pathlib import Path

import psycopg
import pytest

from tests.commands import run_cumulus
from tests.jobs.installation import CATALOG

SECRETS = {name: f"hunter2{name}" for name in ("store", "tracking", "proxy", "notify")}


def installation(home: Path, store_url: str, tracking_uri: str) -> dict[str, str]:
    """Variables of an installation in a home folder."""
    first = CATALOG.read_text(encoding="utf-8").split("[[indicator]]")[1].replace(
        'series = "cn_industrial_va" }',
        'series = "cn_industrial_va", nbs = [{ cid = "x", indicator = "y", measure = "ytd_yoy" }] }',
    )  # fmt: skip
    (home / "catalog.toml").write_text(f"[[indicator]]{first}", encoding="utf-8")
    return {
        "CUMULUS_HOME": str(home), "CUMULUS_CATALOG": str(home / "catalog.toml"),
        "CUMULUS_FIT__ORIGINS": "4", "CUMULUS_FIT__DRAWS": "100", "CUMULUS_FIT__HORIZON": "14",
        "CUMULUS_FIT__WORKERS": "1", "CUMULUS_FIT__PRESET": "fast", "CUMULUS_PROJECTION__DRAWS": "64",
        "CUMULUS_LOGGING__FORMAT": "json", "CUMULUS_LOGGING__LEVEL": "DEBUG",
        "CUMULUS_METRICS__TEXTFILE": str(home / "metrics" / "cumulus.prom"),
        "CUMULUS_SOURCES__NBS_URL": "http://data.example/x", "CUMULUS_SOURCES__HTTP__ATTEMPTS": "1",
        "CUMULUS_STORE_URL": store_url, "CUMULUS_TRACKING_URI": tracking_uri,
        "CUMULUS_SOURCES__HTTP__PROXY": f"http://u:{SECRETS['proxy']}@127.0.0.1:9",
        "CUMULUS_NOTIFY__URLS": f'["json://u:{SECRETS["notify"]}@127.0.0.1:9/"]',
        "CUMULUS_SCHEDULE__PATIENCE_S": "0", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }  # fmt: skip


def cumulus(variables: dict[str, str], *arguments: str) -> str:
    """Everything that a command says."""
    done = run_cumulus(*arguments, **variables)
    return done.stdout + done.stderr


def leaks(*places: Path | str | bytes) -> list[str]:
    """Secrets that can be found in files and texts."""
    contents = []
    for place in places:
        files = [file for file in place.rglob("*") if file.is_file()] if isinstance(place, Path) else []
        contents += [file.read_bytes() for file in files]
        contents += [place.encode()] if isinstance(place, str) else [place] if isinstance(place, bytes) else []
    return [secret for secret in SECRETS.values() if any(secret.encode() in content for content in contents)]


def dump(url: str) -> str:
    """Every row of every table of a PostgreSQL database."""
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "\n".join(
            str(connection.execute(psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(name))).fetchall())
            for (name,) in tables
        )


def with_password(url: str, name: str) -> str:
    known = url.replace("postgresql://postgres:@", f"postgresql://postgres:{SECRETS[name]}@")
    assert SECRETS[name] in known
    return known


def test_no_password_shows_in_what_a_night_leaves_behind(postgres_url, tmp_path):
    tracking = f"http://u:{SECRETS['tracking']}@127.0.0.1:9"
    variables = installation(tmp_path, with_password(postgres_url, "store"), tracking)
    log = cumulus(variables, "run", "--source", "nbs")
    assert "failed: TrackingError: tracking store: MlflowException: API request to" in log
    assert "source nbs failed" in log
    assert "json://u:****@127.0.0.1:9/ could not be told" in log
    assert (tmp_path / "var" / "published" / "latest" / "provenance.json").exists()
    assert (tmp_path / "metrics" / "cumulus.prom").exists()
    status = cumulus(variables, "status", "--json")
    assert "TrackingError" in status
    assert leaks(log, status, dump(postgres_url), tmp_path) == []


@pytest.mark.slow
def test_no_password_shows_in_mlflow(postgres_server, postgres_url, tmp_path):
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE mlflow")
    uri = postgres_server.get_uri(database="mlflow")
    tracking = with_password(uri, "tracking").replace("postgresql:", "postgresql+psycopg:")
    variables = installation(tmp_path, with_password(postgres_url, "store"), tracking)
    log = cumulus(variables, "run", "--source", "nbs")
    assert "TrackingError" not in log
    assert leaks(log, dump(uri), dump(postgres_url), tmp_path) == []
