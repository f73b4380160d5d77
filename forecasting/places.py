"""Addresses of SQLite databases, and the files behind them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["sqlite_address", "sqlite_file"]


def sqlite_address(file: Path) -> str:
    """The SQLAlchemy URL of a database in a file, whatever characters its path has.

    >>> sqlite_address(Path("/srv/no. #1/cumulus.db"))
    'sqlite:////srv/no. #1/cumulus.db'
    >>> sqlite_address(Path("/srv/90%25/cumulus.db"))
    'sqlite+pysqlite:////srv/90%2525/cumulus.db'
    """
    from sqlalchemy import URL

    plain = f"sqlite:///{file}"
    if sqlite_file(plain) == file:
        return plain
    # by the driver's name too, since MLflow makes the folder of a plain address without decoding it
    return URL.create("sqlite+pysqlite", database=str(file)).render_as_string(hide_password=False)


def sqlite_file(address: str) -> Path | None:
    """The file of a database by its SQLAlchemy URL; None where that is none of a file of SQLite's.

    >>> sqlite_file("sqlite+pysqlite:////srv/90%2525/cumulus.db?timeout=30")
    PosixPath('/srv/90%25/cumulus.db')
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # addresses of MLflow's are not all SQLAlchemy's
        return None
    in_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if in_file else None
