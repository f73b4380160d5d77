"""Where things lie that settings name: addresses of databases, and files relative to the settings' folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, SecretStr

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

__all__ = [
    "CONNECTING",
    "UTF8Path",
    "in_utf8",
    "move_addresses",
    "postgresql_address",
    "rooted",
    "sqlite_address",
    "sqlite_file",
    "sync",
]

CONNECTING = {"connect_timeout": "10", "client_encoding": "utf8"}
"""Of every connection to PostgreSQL whose address does not say it: seconds for a server that never answers, and text as
it is, whatever the server's own encoding."""


def in_utf8(path: Path) -> Path:
    """A path under which MLflow and the library of Parquet can work, as it came.

    Raises:
        ValueError: It has bytes that are not UTF-8.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        what = "the path has bytes that are not UTF-8, which MLflow and Parquet's library cannot open"
        raise ValueError(f"{what}; rename the folder, or name another") from error
    return path


UTF8Path = Annotated[Path, AfterValidator(in_utf8)]


def rooted(values: Mapping[str, Any], model: type[BaseModel], folder: Path) -> dict[str, Any]:
    """What a file says of settings, with its relative paths, and those in addresses of SQLite files, made absolute.

    Args:
        values: As they were read, not yet checked.
        model: Of the settings.
        folder: Of the file, to which its paths are relative.
    """
    out = dict(values)
    for name, field in model.model_fields.items():
        value, kinds = values.get(name), (field.annotation, *get_args(field.annotation))
        if isinstance(value, str) and Path in kinds:
            out[name] = str(folder / value)
        elif isinstance(value, str) and SecretStr in kinds:
            out[name] = _rooted_address(value, folder)
        elif isinstance(value, dict) and isinstance(kinds[0], type) and issubclass(kinds[0], BaseModel):
            out[name] = rooted(value, kinds[0], folder)
    return out


def _rooted_address(address: str, folder: Path) -> str:
    file = sqlite_file(address) if address.startswith("sqlite") else None
    driver, _, rest = address.partition(":///")
    if file is None or file.is_absolute() or rest.startswith("file:"):
        return address
    return f"{driver}:///{sqlite_address(folder).partition(':///')[2]}/{rest}"


def postgresql_address(address: str) -> str:
    """The SQLAlchemy URL of a database of PostgreSQL with its driver, and with what `CONNECTING` has beside.

    >>> postgresql_address("postgresql://me@db/mlflow?connect_timeout=3")
    'postgresql+psycopg://me@db/mlflow?connect_timeout=3&client_encoding=utf8'
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    driven = address.replace("postgresql", "postgresql+psycopg", 1)
    try:
        given = make_url(address).query
    except (ArgumentError, ValueError):  # which whoever connects says
        return driven
    # as text, since a password that is written anew may be written otherwise, and not be found where it must not show
    added = "&".join(f"{name}={value}" for name, value in CONNECTING.items() if name not in given)
    return f"{driven}{'&' if given else '?'}{added}" if added else driven


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


def move_addresses(connection: Connection, tables: Iterable[Table], before: str, now: str) -> None:
    """Let every address of a file below a folder begin with the address of another, in all columns of text.

    Args:
        connection: In a transaction.
        tables: Of its database.
        before: Address of the folder, such as ``file:///srv/old``.
        now: Of the other.
    """
    from sqlalchemy import String, func, literal, update

    for table in tables:
        for column in table.columns:
            if isinstance(column.type, String):
                moved = literal(f"{now}/") + func.substr(column, len(before) + 2)
                below = func.substr(column, 1, len(before) + 1) == f"{before}/"
                connection.execute(update(table).where(below).values({column: moved}))


def sync(folder: Path) -> None:
    """Flush the names in a folder to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
