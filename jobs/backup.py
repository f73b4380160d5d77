"""An installation in one archive, and back: databases, raw archive, releases, artifacts and settings.

SQLite databases are copied by SQLite's own backup, so that they are whole whoever reads them meanwhile. What lies in
PostgreSQL is its operator's to dump. What can be made again (`var/stages`) and locks stay out. Links that lead
elsewhere are followed: the archive has what lies behind them.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, create_engine
from sqlalchemy.exc import SQLAlchemyError

from forecasting.errors import BackupError
from forecasting.places import move_addresses, sqlite_address, sqlite_file, sync
from jobs.locks import exclusive

if TYPE_CHECKING:
    from forecasting.settings import Settings

__all__ = ["back_up", "restore"]

MANIFEST = "backup.json"
FORMAT = 1
SETTINGS = "cumulus.toml"
FOLDERS = ("var", "mlruns")
PARTS = (SETTINGS, *FOLDERS)
LEFT_OUT = {"var/stages", "var/run.lock"}
OF_THE_DISK = "lost+found"
"""In every folder that is a disk of its own, and no other user's to read."""
BESIDE = ("-wal", "-shm", "-journal", ".lock")
"""What files of SQLite's have beside them, which a copy does not need."""
ITSELF = "{} would be a part of itself; choose a place outside of var, mlruns and what their links lead to"


def back_up(settings: Settings, file: Path) -> list[str]:
    """Write an installation into an archive, which is there as a whole or not at all.

    Args:
        settings: Of the installation.
        file: The archive, a compressed tar; readable by its owner alone, since `cumulus.toml` may hold passwords.

    Returns:
        What to know about it, a line each.

    Raises:
        BackupError: There is nothing to back up, the file exists, or something cannot be read or written.
        BusyError: A night is at work in this home.
    """
    home = settings.home.resolve()
    for name in PARTS:
        _behind(home / name)  # before a lock is made where a disk is not mounted
    if not any((home / name).exists() for name in FOLDERS):
        raise BackupError(f"{home}: nothing has run here yet; there is nothing to back up")
    if file.is_dir():
        raise BackupError(f"{file} is a folder; name the file in it that the backup shall be")
    if file.exists():
        raise BackupError(f"{file} exists; give the backup another name or delete it first")
    if not file.parent.is_dir():
        raise BackupError(f"{file}: there is no folder {file.parent}; make it, or name another place")
    if any(file.resolve().is_relative_to(home / name) for name in PARTS):
        raise BackupError(ITSELF.format(file))
    part = file.with_name(f".{file.name}.part")
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(settings.var / "run.lock"))
        except OSError as error:
            what = f"cannot be locked against a night: {error.strerror}; let this user write there"
            raise BackupError(f"{settings.var / 'run.lock'}: {what}") from error
        try:
            found = _found(settings, home)
            if file.resolve().parent in found.values():
                raise BackupError(ITSELF.format(file))
            _write(file, part, home, found, _databases(settings, found))
        except (OSError, sqlite3.Error, tarfile.TarError) as error:
            raise BackupError(f"{file}: the backup cannot be written: {error}; nothing is left of it") from error
        finally:
            with suppress(OSError):  # in a folder that cannot be written nothing was
                part.unlink(missing_ok=True)
    lines = [f"{file}: {file.stat().st_size / 1e6:.1f} MB of {home}"]
    return lines + [f"not in it: {what}" for what in _elsewhere(settings, set(found.values()))]


def restore(settings: Settings, file: Path) -> list[str]:
    """Put an installation from an archive into a home folder in which nothing has run yet.

    Where the home has another path than it had, the paths that MLflow keeps of its artifacts are moved along.

    Returns:
        What to know about it, a line each.

    Raises:
        BackupError: The home is in use, or the archive is damaged, cut off or none of ours.
    """
    home = settings.home.resolve()
    used = [str(home / name) for name in FOLDERS if any(path.name != OF_THE_DISK for path in (home / name).glob("*"))]
    if used:
        raise BackupError(
            f"{' and '.join(used)}: not empty; a backup is restored into an empty home, so move them away"
        )
    home.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=home) as folder:
            with tarfile.open(file, "r:gz") as archive:
                archive.extractall(folder, filter="data")
                names = archive.getnames()
            manifest = _manifest(file, Path(folder), names)
            for name in manifest["databases"]:
                _check(Path(folder) / name)
                _move_paths(Path(folder) / name, Path(manifest["home"]), home)
            (Path(folder) / MANIFEST).unlink()
            apart = [Path(name) for name in manifest["databases"] if Path(name).parts[0] not in FOLDERS]
            if there := [str(home / name) for name in apart if (home / name).exists()]:
                raise BackupError(f"{' and '.join(there)}: there already; move it away, a backup replaces nothing")
            kept = (home / SETTINGS).exists()
            if not kept and (Path(folder) / SETTINGS).exists():
                shutil.move(Path(folder) / SETTINGS, home / SETTINGS)
            for path in [
                *(child for name in FOLDERS for child in sorted(Path(folder, name).glob("*"))),
                *(Path(folder, name) for name in apart),
            ]:
                place = home / path.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(path, place)
    except (OSError, EOFError, zlib.error, tarfile.TarError, sqlite3.Error, SQLAlchemyError) as error:
        raise BackupError(f"{file}: cannot be restored: {error}; take another copy of it") from error
    lines = [f"{home}: as it was at {manifest['home']} under version {manifest['version']}"]
    lines += [f"{home / SETTINGS} was there already and stays as it is"] if kept else []
    held = [(home / name).resolve() for name in manifest["databases"]]
    return lines + [
        f"not in it: {name}; where there was one, restore it by itself"
        for name, path in (("the store", settings.store), ("MLflow's store", settings.tracking))
        if _sqlite_file(path) not in held
    ]


def _sqlite_file(address: str) -> Path | None:
    file = sqlite_file(address)
    return None if file is None else file.resolve()


def _found(settings: Settings, home: Path) -> dict[str, Path]:
    """Everything that goes into the archive, by its name there: files, folders and links, sorted within a folder."""
    found = {name: path for part in PARTS if os.path.lexists(home / part) for name, path in _walk(part, home / part)}
    for file in map(_sqlite_file, (settings.store, settings.tracking)):
        if file is not None and file.is_file() and file.is_relative_to(home) and file not in found.values():
            found[file.relative_to(home).as_posix()] = file
    return found


def _walk(name: str, path: Path, above: tuple[Path, ...] = ()) -> Iterator[tuple[str, Path]]:
    """A part of a home but for what can be made again: names in the archive, and what lies behind them."""
    if name in LEFT_OUT or path.name == OF_THE_DISK:
        return
    if path.is_symlink() and not ("/" in name and _leads_down(path)):
        path = _behind(path)
    if path in above:
        raise BackupError(f"{name}: leads back to {path}, in which it lies; remove the link")
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BackupError(f"{name}: neither a file nor a folder; remove it")
    yield name, path
    if path.is_dir() and not path.is_symlink():
        for child in sorted(path.iterdir()):
            yield from _walk(f"{name}/{child.name}", child, (*above, path))


def _leads_down(link: Path) -> bool:
    """Whether a link leads to what lies beside it or below that, as `latest` does; such a one holds in any home."""
    to = Path(os.readlink(link))
    return not to.is_absolute() and ".." not in to.parts


def _behind(path: Path) -> Path:
    """The file or folder behind a link, or a path that is none."""
    try:
        return Path(os.path.realpath(path, strict=path.is_symlink()))
    except OSError as error:
        raise BackupError(
            f"{path}: leads to {os.readlink(path)}: {error.strerror}; mount it, or remove the link"
        ) from error


def _databases(settings: Settings, found: dict[str, Path]) -> dict[str, Path]:
    files = {_sqlite_file(settings.store), _sqlite_file(settings.tracking)}
    return {name: path for name, path in found.items() if path in files}


def _elsewhere(settings: Settings, taken: set[Path]) -> Iterator[str]:
    """What belongs to the installation and is not in the archive."""
    for name, address, chosen in (
        ("the store", settings.store, settings.store_url is not None),
        ("MLflow's store", settings.tracking, settings.tracking_uri is not None),
    ):
        path = _sqlite_file(address)
        if path is None:
            yield f"{name}, which lies on a server; dump it too (docs/storage.md)"
        elif path not in taken and (path.exists() or chosen):
            yield f"{name}, which lies at {path}" + ("" if path.exists() else ", where there is none")
    for path in (settings.catalog, settings.calendar, settings.projection.assumptions, settings.drop, settings.review):
        if path is not None and path.exists() and path.resolve() not in taken:
            yield str(path)


def _write(file: Path, part: Path, home: Path, found: dict[str, Path], databases: dict[str, Path]) -> None:
    busy = {f"{name}{suffix}" for name in databases for suffix in ("", *BESIDE)}
    with tempfile.TemporaryDirectory(dir=file.resolve().parent) as folder:
        for number, path in enumerate(databases.values()):
            _copy(path, Path(folder) / str(number))
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz") as archive:
                _add_manifest(archive, Path(folder), home, databases)
                for number, name in enumerate(databases):
                    archive.add(Path(folder) / str(number), name)
                for name, path in found.items():
                    if name not in busy:
                        archive.add(path, name, recursive=False)
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(file)
        sync(file.parent)


def _copy(path: Path, to: Path) -> None:
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
    _check(to)


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"{path.name}: {found}")


def _move_paths(path: Path, before: Path, now: Path) -> None:
    """Let every address of a file below the former home begin with the present one."""
    if before == now:
        return
    engine = create_engine(sqlite_address(path))
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        move_addresses(connection, tables.tables.values(), before.as_uri(), now.as_uri())
    engine.dispose()


def _add_manifest(archive: tarfile.TarFile, folder: Path, home: Path, databases: Iterable[str]) -> None:
    version = metadata.version("cumulus-forecasting")
    content = {"format": FORMAT, "version": version, "home": str(home), "databases": list(databases)}
    (folder / MANIFEST).write_text(json.dumps(content, indent=2), encoding="utf-8")
    archive.add(folder / MANIFEST, MANIFEST)


def _manifest(file: Path, folder: Path, names: list[str]) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known, whole = manifest["format"] == FORMAT, set(manifest["databases"]) <= set(names)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{file}: holds no {MANIFEST}, so it is no backup made by `cumulus backup`") from error
    if not known:
        raise BackupError(f"{file}: was made by Cumulus {manifest['version']}; restore it with that version")
    if not whole:
        raise BackupError(f"{file}: lacks a database that its {MANIFEST} names; take another copy of it")
    return manifest
