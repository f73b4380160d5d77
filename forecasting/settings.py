"""Settings: `cumulus.toml` in the home folder, overridden by `CUMULUS_*` variables; unknown keys are refused."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from forecasting.errors import SettingsError

__all__ = ["FitSettings", "ProjectionSettings", "ScheduleSettings", "Settings", "load_settings"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FitSettings(_Section):
    """How forecasts are made.

    Attributes:
        horizon: Months ahead.
        origins: Rolling origins of the backtest.
        draws: Joint draws per indicator, of the months and of the forecasts.
        workers: Processes; results do not depend on it.
    """

    horizon: int = Field(default=24, ge=1, le=120)
    origins: int = Field(default=10, ge=4, le=60)
    draws: int = Field(default=1000, ge=100, le=100_000)
    workers: int = Field(default=2, ge=1, le=256)


class ProjectionSettings(_Section):
    """How trajectories are simulated.

    Attributes:
        draws: Monte Carlo draws; a power of two suits Sobol sequences.
        assumptions: Assumption file; default the packaged one.
    """

    draws: int = Field(default=2048, ge=64, le=1_048_576)
    assumptions: Path | None = None


class ScheduleSettings(_Section):
    """When the nightly chain starts, in the named time zone."""

    hour: int = Field(default=2, ge=0, le=23)
    minute: int = Field(default=30, ge=0, le=59)
    timezone: str = "Asia/Shanghai"


class Settings(BaseSettings):
    """Everything an operator can set.

    Attributes:
        home: Folder of the run-time files `var/` and `mlruns/` (CUMULUS_HOME; default: the current folder).
        store_url: SQLAlchemy URL of the observation store; default SQLite at `var/cumulus.db`. May carry a
            password and is therefore kept out of logs.
        tracking_uri: MLflow store; default SQLite at `mlruns/mlflow.db`.
        catalog: Catalogue file; default the packaged one.
        seed: Seed of everything random.
    """

    model_config = SettingsConfigDict(env_prefix="CUMULUS_", env_nested_delimiter="__", extra="forbid", frozen=True)

    home: Path = Path()
    store_url: SecretStr | None = None
    tracking_uri: SecretStr | None = None
    catalog: Path | None = None
    seed: int = Field(default=20251230, ge=0, lt=2**63)
    fit: FitSettings = FitSettings()
    projection: ProjectionSettings = ProjectionSettings()
    schedule: ScheduleSettings = ScheduleSettings()

    @property
    def var(self) -> Path:
        """Run-time files."""
        return self.home / "var"

    @property
    def published(self) -> Path:
        """Root of the releases."""
        return self.var / "published"

    @property
    def store(self) -> str:
        """SQLAlchemy URL of the observation store."""
        return self.store_url.get_secret_value() if self.store_url else f"sqlite:///{self.var / 'cumulus.db'}"

    @property
    def tracking(self) -> str:
        """MLflow tracking URI."""
        if self.tracking_uri:
            return self.tracking_uri.get_secret_value()
        return f"sqlite:///{self.home / 'mlruns' / 'mlflow.db'}"

    @property
    def artifacts(self) -> Path:
        """Folder of the MLflow artifacts."""
        return self.home / "mlruns" / "artifacts"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the file; nothing else is read."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _file())


def load_settings(**overrides: Any) -> Settings:
    """Read the settings of this installation.

    Args:
        overrides: Values that win over file and environment (used by the command line).

    Raises:
        SettingsError: An unknown key, a value of the wrong type or range, a file that is not TOML, or an
            unknown CUMULUS_* variable.
    """
    file = _file()
    known = {f"CUMULUS_{name.upper()}" for name in Settings.model_fields}
    strange = [name for name in os.environ
               if name.startswith("CUMULUS_") and name.split("__")[0] not in known]  # fmt: skip
    if strange:
        raise SettingsError(f"unknown variable {', '.join(sorted(strange))}; known are {', '.join(sorted(known))}")
    try:
        settings = Settings(**{"home": file.parent, **overrides})
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not TOML: {error}") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise SettingsError(f"settings ({file} and CUMULUS_* variables): " + "; ".join(lines)) from error
    return settings


def _file() -> Path:
    return Path(os.environ.get("CUMULUS_HOME", ".")).resolve() / "cumulus.toml"
