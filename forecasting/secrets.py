"""Secrets: read from files that variables name, and kept out of everything that is written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import parse_qsl, unquote

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from forecasting.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

__all__ = ["SecretFiles", "redacted", "secret_files", "secret_variables", "secrets_of", "shown_address"]

HIDDEN = "***"
SHORTEST = 4
"""Characters of the shortest text that is hidden; hiding shorter ones would hide half of every message."""

ADDRESS = re.compile(r"([^:/?#]+)://([^/?#]+)([^?#]*)\??([^#]*)")
"""As in RFC 3986, appendix B; `urlsplit` raises where a bracket stands in the password."""

Place = tuple[str, ...]


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets out of the files that variables such as CUMULUS_STORE_URL_FILE name.

    Raises:
        SettingsError: Both the variable and its _FILE are given, or the file cannot be read or does not hold one.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not used: secrets of sections are not fields of the settings."""
        raise NotImplementedError

    def beside(self, variables: PydanticBaseSettingsSource) -> PydanticBaseSettingsSource:
        """The source of the other variables, without those that name files."""
        files = {f"{name}_FILE".lower() for name in secret_variables(self.settings_cls)}
        if isinstance(variables, EnvSettingsSource):
            variables.env_vars = {name: text for name, text in variables.env_vars.items() if name not in files}
        return variables

    def __call__(self) -> dict[str, Any]:
        """The secrets as settings, nested by section."""
        out: dict[str, Any] = {}
        for variable, (path, many) in secret_variables(self.settings_cls).items():
            file = os.environ.get(f"{variable}_FILE")
            if file is None:
                continue
            if variable in os.environ:
                raise SettingsError(f"both {variable} and {variable}_FILE are given; leave one of them out")
            lines = _lines(Path(file), f"{variable}_FILE")
            if not many and len(lines) != 1:
                raise SettingsError(f"{variable}_FILE {file}: {len(lines)} lines; expected one, the secret")
            at = out
            for name in path[:-1]:
                at = at.setdefault(name, {})
            at[path[-1]] = lines if many else lines[0]
        return out


def secret_variables(settings: type[BaseSettings]) -> dict[str, tuple[Place, bool]]:
    """The settings that are secret: variable -> (place in the settings, whether it takes several values)."""
    prefix = settings.model_config.get("env_prefix", "")
    return {prefix + "__".join(path).upper(): (path, many) for path, many in _secret_fields(settings)}


def secret_files(settings: type[BaseSettings]) -> list[Path]:
    """The files that variables name as holding secrets."""
    return [Path(file) for name in secret_variables(settings) if (file := os.environ.get(f"{name}_FILE"))]


def secrets_of(model: BaseModel) -> Iterator[str]:
    """The values of all secrets in settings."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, SecretStr):
                yield one.get_secret_value()
            elif isinstance(one, BaseModel):
                yield from secrets_of(one)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """A text without secrets: neither whole nor the password, token or key in an address.

    Args:
        text: What is to be written.
        secrets: Addresses and other secrets, see `secrets_of`.
    """
    for part in _all_parts(tuple(secrets)):
        text = text.replace(part, HIDDEN)
    return text


def shown_address(url: URL) -> str:
    """The address of a database as it may be shown: without a password, wherever that stands in it."""
    return url.difference_update_query(list(filter(_is_secret, url.query))).render_as_string(hide_password=True)


def _is_secret(option: str) -> bool:
    """Whether an option in the address of a database is to be hidden; others, such as sslmode, are plain words."""
    return "password" in option.lower()


@cache
def _all_parts(secrets: tuple[str, ...]) -> list[str]:
    """The longest first, so that none is left in pieces."""
    return sorted({part for secret in secrets for part in _parts(secret)}, key=len, reverse=True)


def _parts(secret: str) -> set[str]:
    """What must not be seen of a secret, in every form in which it may be written."""
    parts = {secret}
    if address := ADDRESS.match(secret):
        scheme, netloc, path, query = address.groups()
        user = netloc.rpartition("@")[0]
        # a database's password goes on to the first @, whatever else is in it
        early, at, _ = secret.partition("://")[2].partition("@")
        parts |= {user.partition(":")[2], early.partition(":")[2] if at else ""}
        database = scheme.lower().startswith(("postgresql", "sqlite"))
        parts |= {value for name, value in parse_qsl(query) if not database or _is_secret(name)}
        if not database and not scheme.lower().startswith("http"):
            # addresses of messengers carry their tokens anywhere
            parts |= {user, *path.split("/")} | ({netloc} if "." not in netloc else set())
    parts |= {unquote(part) for part in parts}
    parts |= {json.dumps(part, ensure_ascii=False)[1:-1] for part in parts}
    return {part for part in parts if len(part) >= SHORTEST}


def _secret_fields(model: type[BaseModel], path: Place = ()) -> Iterator[tuple[Place, bool]]:
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        if SecretStr in kinds:
            yield (*path, name), field.annotation is not SecretStr and tuple in map(_origin, kinds)
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _secret_fields(field.annotation, (*path, name))


def _origin(kind: Any) -> Any:
    return getattr(kind, "__origin__", None)


def _lines(file: Path, variable: str) -> list[str]:
    """The lines of a file that are neither empty nor comments."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(f"{variable} {file}: cannot be read: {reason}") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
