"""Settings: `cumulus.toml` in the home folder, overridden by `CUMULUS_*` variables; unknown keys are refused."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariable

from forecasting.errors import SettingsError, suggestion
from forecasting.parallel import ADDRESS
from forecasting.places import UTF8Path, rooted, sqlite_address
from forecasting.sampling import FEWEST_JOINT_DRAWS
from forecasting.secrets import SecretFiles, redacted, secret_variables, secrets_of

__all__ = [
    "ChampionSettings",
    "ConnectorName",
    "Event",
    "FitSettings",
    "HttpSettings",
    "LogSettings",
    "MetricsSettings",
    "NotifySettings",
    "ProjectionSettings",
    "PublishingSettings",
    "RetentionSettings",
    "ScheduleSettings",
    "Settings",
    "SourceSettings",
    "StageSettings",
    "Weekday",
    "load_settings",
    "settings_file",
]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "never"]
ConnectorName = Literal["reference", "file", "bulletin", "nbs", "nbs_legacy", "sdmx"]
Event = Literal["failure", "late", "surprise", "champion", "quarantine"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FitSettings(_Section):
    """How forecasts are made.

    Attributes:
        horizon: Months ahead.
        preset: Models that take part, by the time they may take.
        origins: Rolling origins of the backtest, a month apart.
        draws: Joint draws per indicator, of the months and of the forecasts.
        workers: Processes where the executor is "local"; results do not depend on it.
    """

    horizon: int = Field(default=24, ge=1, le=120)
    preset: Literal["fast", "default", "best"] = "default"
    origins: int = Field(default=24, ge=4, le=60)
    draws: int = Field(default=1000, ge=FEWEST_JOINT_DRAWS, le=100_000)
    workers: int = Field(default=2, ge=1, le=256)


class ChampionSettings(_Section):
    """When another model becomes an indicator's champion.

    Attributes:
        level: Of the test that the challenger is better, adjusted for the number of rivals.
        cool_down: Days that a champion stays in place at least.
    """

    level: float = Field(default=0.05, gt=0, lt=0.5)
    cool_down: int = Field(default=56, ge=0, le=3650)


class ProjectionSettings(_Section):
    """How trajectories are simulated.

    Attributes:
        draws: Monte Carlo draws; a power of two suits Sobol sequences.
        assumptions: Assumption file; default the packaged one.
    """

    draws: int = Field(default=2048, ge=64, le=1_048_576)
    assumptions: Path | None = None


class PublishingSettings(_Section):
    """Which releases stay when a night is done; what `latest` points to and what the next night needs always do.

    Attributes:
        pictures: Whether a release has PNG and SVG of its main charts.
        keep: The last so many.
        keep_months: The last one of each of the last so many months.
    """

    pictures: bool = True
    keep: int = Field(default=90, ge=2, le=100_000)
    keep_months: int = Field(default=120, ge=0, le=1200)


class StageSettings(_Section):
    """What is kept of computed results in `var/stages`.

    Attributes:
        max_mb: Their size at most; those not used for longest go first. 1,000 indicators need some 850.
    """

    max_mb: int = Field(default=12288, ge=1, le=1_048_576)


class ScheduleSettings(_Section):
    """When the nightly chain starts, in the named time zone, and how often around a release.

    Attributes:
        hour: Of the night.
        minute: Of the night.
        deep_weekday: On which the night fits everything anew, by its English name in three letters; or never.
        deep_hour: Of that night, which takes the place of the usual one.
        timezone: IANA name.
        release_minutes: Minutes between attempts while a figure is due.
        release_hours: How long after the release time of a figure it is asked for that often.
        grace_s: Seconds that a running night gets to end by itself when the scheduler is asked to stop.
        patience_s: Seconds for which a step is tried again while database, disk or tracking store are away.
    """

    hour: int = Field(default=2, ge=0, le=23)
    minute: int = Field(default=30, ge=0, le=59)
    deep_weekday: Weekday = "sun"
    deep_hour: int = Field(default=2, ge=0, le=23)
    timezone: str = "Asia/Shanghai"
    release_minutes: int = Field(default=15, ge=1, le=720)
    release_hours: int = Field(default=6, ge=1, le=72)
    grace_s: float = Field(default=60, ge=0, le=86400)
    patience_s: float = Field(default=180, ge=0, le=3600)


class RetentionSettings(_Section):
    """For how many days things are kept that only tell what happened; figures and forecasts stay for ever.

    Attributes:
        ledger_days: Runs with their steps, and how pulls went; of each the last one stays.
        raw_days: Payloads that brought no figure, and repeated fetches of those that did.
        tracking_days: In MLflow nights, points of the indicators' metrics, and model versions without an alias.
    """

    ledger_days: int = Field(default=400, ge=7, le=36500)
    raw_days: int = Field(default=400, ge=7, le=36500)
    tracking_days: int = Field(default=1100, ge=7, le=36500)


class HttpSettings(_Section):
    """How live sources are asked.

    Attributes:
        connect_s: Seconds for a connection.
        read_s: Seconds without a byte.
        total_s: Seconds for one whole reply, however slowly it drips.
        attempts: At most so many, of one request.
        wait_s: First pause between attempts; it doubles, with jitter.
        wait_max_s: Longest pause; a source that asks for a longer one is left alone.
        pause_s: Between any two requests to one source.
        max_mb: Largest reply, as it comes and unpacked.
        failures: Requests in a row that may fail before a source is left alone.
        cool_down_s: For how long it is left alone.
        ca_bundle: File of certificate authorities; the system's by default.
        proxy: URL of a proxy; may carry a password. Proxies of the environment are not used.
        user_agent: How the requests introduce themselves.
    """

    connect_s: float = Field(default=10, gt=0, le=120)
    read_s: float = Field(default=30, gt=0, le=600)
    total_s: float = Field(default=120, gt=0, le=3600)
    attempts: int = Field(default=4, ge=1, le=20)
    wait_s: float = Field(default=1, ge=0, le=60)
    wait_max_s: float = Field(default=60, gt=0, le=3600)
    pause_s: float = Field(default=1, ge=0, le=60)
    max_mb: int = Field(default=64, ge=1, le=4096)
    failures: int = Field(default=3, ge=1, le=100)
    cool_down_s: float = Field(default=900, ge=0, le=86400)
    ca_bundle: Path | None = None
    proxy: SecretStr | None = None
    user_agent: str = "Mozilla/5.0 (compatible; cumulus-forecasting)"


class SourceSettings(_Section):
    """Where figures are pulled from.

    Attributes:
        pull: Connectors that a night asks.
        drop_folder: Folder of files to be read; default `var/drop`.
        review: File of the doubtful figures of bulletins, for a person to confirm; default `var/review.csv`.
        max_file_mb: Largest table that is read.
        max_bulletin_mb: Largest bulletin that is read.
        max_unpacked_mb: Largest workbook once unpacked.
        nbs_url: Base of the bureau's data library.
        nbs_legacy_url: The bureau's former service.
        sdmx_urls: Further SDMX 2.1 services, name -> base URL.
        http: How live sources are asked.
    """

    pull: tuple[ConnectorName, ...] = ("reference", "file", "bulletin")
    drop_folder: Path | None = None
    review: Path | None = None
    max_file_mb: int = Field(default=512, ge=1, le=65536)
    max_bulletin_mb: int = Field(default=4, ge=1, le=1024)
    max_unpacked_mb: int = Field(default=2048, ge=1, le=65536)
    nbs_url: str = "https://data.stats.gov.cn/dg/website/publicrelease/web/external"
    nbs_legacy_url: str = "https://data.stats.gov.cn/easyquery.htm"
    sdmx_urls: dict[str, str] = Field(default_factory=dict)
    http: HttpSettings = HttpSettings()


class LogSettings(_Section):
    """What the log looks like.

    Attributes:
        format: Lines of text, or an object of JSON a line.
        level: Least severe messages that are shown.
    """

    format: Literal["text", "json"] = "text"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class MetricsSettings(_Section):
    """Where metrics for Prometheus are to be found.

    Attributes:
        textfile: Written after every night, for the textfile collector of node_exporter; its name ends in `.prom`.
        port: On which `cumulus schedule` serves them.
        host: Interface on which it does; by default this machine alone.
    """

    textfile: Path | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    host: str = "127.0.0.1"

    @field_validator("textfile")
    @classmethod
    def _collected(cls, path: Path | None) -> Path | None:
        if path is not None and path.suffix != ".prom":
            raise ValueError(f"{path} would not be collected; give it a name that ends in .prom")
        return path


class NotifySettings(_Section):
    """Who is told what.

    Attributes:
        urls: Receivers, as apprise writes them; they carry passwords and tokens.
        on: What is told.
    """

    urls: tuple[SecretStr, ...] = ()
    on: tuple[Event, ...] = ("failure", "late", "surprise", "champion", "quarantine")


class Settings(BaseSettings):
    """Everything an operator can set.

    Attributes:
        home: Folder of the run-time files `var/` and `mlruns/` (CUMULUS_HOME; default: the current folder).
        store_url: SQLAlchemy URL of the observation store; default SQLite at `var/cumulus.db`. May carry a
            password and is therefore kept out of logs.
        tracking_uri: MLflow store; default SQLite at `mlruns/mlflow.db`.
        catalog: Catalogue file; default the packaged one.
        calendar: File of release dates that go before the packaged ones.
        seed: Seed of everything random.
        executor: Where series are worked on: "local", in `fit.workers` processes, or on the Dask cluster whose
            scheduler is at "dask://HOST:PORT".
    """

    model_config = SettingsConfigDict(env_prefix="CUMULUS_", env_nested_delimiter="__", extra="forbid", frozen=True)

    home: UTF8Path = Path()
    store_url: SecretStr | None = None
    tracking_uri: SecretStr | None = None
    catalog: Path | None = None
    calendar: Path | None = None
    seed: int = Field(default=20251230, ge=0, lt=2**63)
    executor: str = Field(default="local", pattern=f"^(local|{ADDRESS})$")
    fit: FitSettings = FitSettings()
    champion: ChampionSettings = ChampionSettings()
    projection: ProjectionSettings = ProjectionSettings()
    publishing: PublishingSettings = PublishingSettings()
    stages: StageSettings = StageSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    retention: RetentionSettings = RetentionSettings()
    sources: SourceSettings = SourceSettings()
    logging: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    notify: NotifySettings = NotifySettings()

    @property
    def var(self) -> Path:
        """Run-time files."""
        return self.home / "var"

    @property
    def raw(self) -> Path:
        """Archive of what came from outside."""
        return self.var / "raw"

    @property
    def drop(self) -> Path:
        """Drop folder."""
        return self.sources.drop_folder or self.var / "drop"

    @property
    def review(self) -> Path:
        """Doubtful figures that wait for a person."""
        return self.sources.review or self.var / "review.csv"

    @property
    def published(self) -> Path:
        """Root of the releases."""
        return self.var / "published"

    @property
    def stage_folder(self) -> Path:
        """Results of expensive stages."""
        return self.var / "stages"

    @property
    def store(self) -> str:
        """SQLAlchemy URL of the observation store."""
        return self.store_url.get_secret_value() if self.store_url else sqlite_address(self.var / "cumulus.db")

    @property
    def has_store(self) -> bool:
        """Whether there is a store to read: one by URL, or the file that the first night makes."""
        return self.store_url is not None or (self.var / "cumulus.db").exists()

    @property
    def workers(self) -> int | str:
        """Where series are worked on, as `forecasting.parallel` takes it."""
        return self.fit.workers if self.executor == "local" else self.executor

    @property
    def tracking(self) -> str:
        """MLflow tracking URI."""
        if self.tracking_uri:
            return self.tracking_uri.get_secret_value()
        return sqlite_address(self.home / "mlruns" / "mlflow.db")

    @property
    def artifacts(self) -> Path:
        """Folder of the MLflow artifacts."""
        return self.home / "mlruns" / "artifacts"

    def redact(self, text: str) -> str:
        """A text without the secrets of these settings."""
        return redacted(text, secrets_of(self))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables, and the files of secrets that they name, win over the file; nothing else is read."""
        files = SecretFiles(settings_cls)
        written = InitSettingsSource(settings_cls, _written(settings_file()))
        return init_settings, files.beside(env_settings), files, written


def _written(file: Path) -> dict[str, Any]:
    return rooted(tomllib.loads(file.read_text(encoding="utf-8-sig")), Settings, file.parent) if file.is_file() else {}


def load_settings() -> Settings:
    """Read the settings of this installation.

    Raises:
        SettingsError: An unknown key, a value of the wrong type or range, a file that cannot be read or is not
            TOML, or an unknown CUMULUS_* variable.
    """
    file = settings_file()
    known = {f"CUMULUS_{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in secret_variables(Settings) if "__" not in name}
    strange = [name for name in os.environ
               if name.startswith("CUMULUS_") and name.split("__")[0] not in known]  # fmt: skip
    if strange:
        raise SettingsError(f"unknown variable {', '.join(sorted(strange))}; known are {', '.join(sorted(known))}")
    try:
        return Settings(home=file.parent)
    except UnreadableVariable as error:
        raise SettingsError(f"CUMULUS_* variables: {error}; lists and tables are written as JSON") from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        what = "cannot be read" if isinstance(error, OSError) else "not TOML in UTF-8"
        raise SettingsError(f"{file}: {what}: {error}") from error
    except ValidationError as error:
        lines = "; ".join(_explained(item) for item in error.errors())
        raise SettingsError(f"settings ({file} and CUMULUS_* variables): {lines}") from error


def _explained(item: ErrorDetails) -> str:
    """What is wrong with a setting, and of an unknown one which may be meant."""
    (*above, key), what = map(str, item["loc"]), item["msg"]
    if item["type"] == "extra_forbidden":
        table: Any = Settings
        for part in above:
            table = table.model_fields[part].annotation
        what = f"unknown key; {suggestion(key, table.model_fields)}"
    return f"{'.'.join((*above, key))}: {what}"


def settings_file() -> Path:
    """The file of the settings of this installation, which need not exist; paths in it are as seen from there."""
    return Path(os.environ.get("CUMULUS_HOME", ".")).resolve() / "cumulus.toml"
