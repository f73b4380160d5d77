"""The model registry: versions of `cumulus.<indicator>` and who they are, by alias.

`champion` forecasts, `challenger` is the rival worth watching, `previous` is the last version of the model that was
champion before. A version is registered when a forecaster or its training data change. Who is champion is decided
elsewhere; the registry carries it out, and takes back what was moved in it by hand.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecasting.tracking._mlflow import folder_of, load_mlflow
from forecasting.tracking._records import IndicatorRecord, forecaster_json, forecaster_sha256, weights_text

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.models import ModelSignature

__all__ = ["CHAMPION", "CHAMPION_MODEL", "MODEL", "PREVIOUS", "SHA256", "Registry", "held", "model_name"]

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
SHA256, MODEL = "cumulus.sha256", "cumulus.model"  # of a version
CHAMPION_MODEL = "cumulus.champion"
NOBODY = "none"
"""Instead of a model's name, in the tags of an indicator."""
PLACES = ("PLACE_OF_THE_RUN", "PLACE_OF_THE_PATH", "PLACE_OF_THE_UUID")
"""In the text of a template, where models differ."""
SIZE = 1_234_567_890
"""Bytes of a model, in the text of a template."""
BANDS = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")

log = logging.getLogger(__name__)


def model_name(indicator: str) -> str:
    """Name of an indicator's registered model."""
    return f"cumulus.{indicator}"


def held(alias: str, version: str, sha256: str) -> dict[str, str]:
    """Tags of a lasting run that say which version has an alias, and what it is."""
    return {_sha_tag(alias): sha256, _version_tag(alias): version}


def _sha_tag(alias: str) -> str:
    return f"cumulus.{alias}_sha256"


def _version_tag(alias: str) -> str:
    return f"cumulus.{alias}_version"


def _below(sha256: str) -> str:
    """Where the artifacts of a run have the files of a forecaster."""
    return f"models/{sha256[:16]}"


class Registry:
    """The registered models as they are at the start of a night.

    Args:
        client: Of the store.
        folder: An empty folder to work in.
        version: Version of this package, which the models ask for.
    """

    def __init__(self, client: MlflowClient, folder: Path, version: str) -> None:
        self._client = client
        self._template = _Template(folder, version)
        self._aliases: dict[str, dict[str, str]] = {}
        token = None
        while token != "":
            page = client.search_registered_models("name LIKE 'cumulus.%'", max_results=1000, page_token=token)
            for model in page:
                self._aliases[model.name] = {alias: str(version) for alias, version in model.aliases.items()}
            token = page.token or ""

    def stands(self, item: IndicatorRecord, run: Run) -> bool:
        """Whether champion and challenger, with their training data, are registered as they are and have files."""
        for alias, forecaster in ((CHAMPION, item.champion), (CHALLENGER, item.challenger)):
            sha256 = "" if forecaster is None else forecaster_sha256(forecaster)
            if not self._unchanged(item, run, alias, sha256):
                return False
            if sha256 and not self._place(model_name(item.id), alias, run, sha256).exists():
                return False
        return True

    def _unchanged(self, item: IndicatorRecord, run: Run, alias: str, sha256: str) -> bool:
        """Whether an alias is where the run's tags say, and that is this forecaster; "" for none."""
        version, tags = self._aliases.get(model_name(item.id), {}).get(alias), run.data.tags
        if version is None or sha256 == "":
            return version is None and sha256 == ""
        # runs of earlier versions of this package have no tag with the version
        return sha256 == tags.get(_sha_tag(alias), "") and version == tags.get(_version_tag(alias), version)

    def _place(self, name: str, alias: str, run: Run, sha256: str) -> Path:
        """Folder of the version that has an alias: with this run or, after a rollback, with another."""
        own = folder_of(f"{run.info.artifact_uri}/{_below(sha256)}")
        if own.exists():
            return own
        return folder_of(str(self._client.get_model_version(name, self._aliases[name][alias]).source))

    def update(self, item: IndicatorRecord, run: Run, artifacts: Path, night: str, *, crowded: bool) -> dict[str, str]:
        """Register what changed since the indicator's run was last tagged, and set the aliases.

        Args:
            item: The indicator.
            run: Its lasting run.
            artifacts: Folder of that run's artifacts.
            night: The day.
            crowded: Whether another attempt of this night may have registered something.

        Returns:
            Tags for the run that say what is registered now.
        """
        name, tags = model_name(item.id), run.data.tags
        if name not in self._aliases:
            self._client.create_registered_model(name, description=f"Forecaster of {item.title} ({item.id})")
            self._aliases[name] = {}
        aliases, before = self._aliases[name], self._champion_before(name, tags)
        out: dict[str, str] = {}
        for alias, forecaster in ((CHAMPION, item.champion), (CHALLENGER, item.challenger)):
            sha256 = "" if forecaster is None else forecaster_sha256(forecaster)
            if self._unchanged(item, run, alias, sha256):
                if forecaster is not None and not (place := self._place(name, alias, run, sha256)).exists():
                    log.warning("%s: the files of its %s were gone; they are made again", name, alias)
                    self._template.write(place, forecaster, run_id=run.info.run_id, path=_below(sha256))
                continue
            if forecaster is None:
                self._client.delete_registered_model_alias(name, alias)
                del aliases[alias]
                out |= held(alias, "", "")
                continue
            same = f"tags.`{SHA256}` = '{sha256}'"
            made = None
            if crowded:  # an attempt of this night may have broken off
                made = self._last(name, f"{same} AND tags.`cumulus.night` = '{night}'")
            elif self._moved(name, alias, tags):
                made = self._last(name, same)
            made = made or self._register(name, forecaster, sha256, run, artifacts, night)
            if alias == CHAMPION and before not in (None, forecaster["model"]):
                last = self._last(name, f"tags.`{MODEL}` = '{before}'")
                if last is not None:
                    self._set(name, PREVIOUS, last)
            self._set(name, alias, made)
            out |= held(alias, made, sha256)
        return out

    def _champion_before(self, name: str, tags: Mapping[str, str]) -> str | None:
        """The model behind the alias champion, which an indicator that had left the catalogue has kept."""
        before = tags.get(CHAMPION_MODEL)
        if before != NOBODY or CHAMPION not in self._aliases[name]:
            return before
        return str(self._client.get_model_version(name, self._aliases[name][CHAMPION]).tags.get(MODEL))

    def _moved(self, name: str, alias: str, tags: Mapping[str, str]) -> bool:
        """Whether an alias is elsewhere than its run says: moved or deleted by hand, or a night broke off."""
        found, known = self._aliases[name].get(alias), tags.get(_version_tag(alias))
        if not known or found == known:
            return False
        log.warning(
            "%s: the alias %s is at version %s, the last night on record left it at %s; it follows tonight's",
            name, alias, found or "none", known,
        )  # fmt: skip
        return True

    def _last(self, name: str, condition: str) -> str | None:
        """The last version of which this is true."""
        found = self._client.search_model_versions(
            f"name = '{name}' AND {condition}", max_results=1, order_by=["version_number DESC"]
        )
        return str(found[0].version) if found else None

    def _register(
        self, name: str, forecaster: Mapping[str, Any], sha256: str, run: Run, artifacts: Path, night: str
    ) -> str:
        path = _below(sha256)
        self._template.write(artifacts / path, forecaster, run_id=run.info.run_id, path=path)
        made = self._client.create_model_version(
            name,
            source=f"{run.info.artifact_uri}/{path}",
            run_id=run.info.run_id,
            tags={
                SHA256: sha256,
                MODEL: str(forecaster["model"]),
                "cumulus.weights": weights_text(forecaster),
                "cumulus.night": night,
            },
            await_creation_for=0,
        )
        return str(made.version)

    def _set(self, name: str, alias: str, version: str) -> None:
        self._client.set_registered_model_alias(name, alias, version)
        self._aliases[name][alias] = version


class _Template:
    """An MLflow model that is saved once and written anew for each forecaster; saving takes many times as long."""

    def __init__(self, folder: Path, version: str) -> None:
        self._folder = folder
        self._version = version

    def write(self, target: Path, forecaster: Mapping[str, Any], *, run_id: str, path: str) -> None:
        """Write the model of a forecaster to a folder; what an interrupted night left there is replaced."""
        files = dict(self._files)
        files["artifacts/forecaster.json"] = forecaster_json(forecaster).encode()
        size = sum(len(content) for name, content in files.items() if name != "MLmodel")
        texts = {place: f"'{value}'" for place, value in zip(PLACES, (run_id, path, uuid.uuid4().hex), strict=True)}
        for place, text in (texts | {str(SIZE): str(size)}).items():
            files["MLmodel"] = files["MLmodel"].replace(place.encode(), text.encode())
        if target.exists():
            shutil.rmtree(target)
        for folder in sorted({(target / name).parent for name in files}):
            folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (target / name).write_bytes(content)

    @cached_property
    def _files(self) -> dict[str, bytes]:
        """The files by their place in the model, with `PLACES` in MLmodel, which takes long to be written as YAML."""
        from mlflow.models import Model

        mlflow = load_mlflow()
        forecaster, folder = self._folder / "forecaster.json", self._folder / "model"
        forecaster.write_text("{}", encoding="utf-8")
        model = Model()
        mlflow.pyfunc.save_model(
            path=str(folder),
            mlflow_model=model,
            python_model=str(Path(__file__).with_name("_served.py")),
            artifacts={"forecaster": str(forecaster)},
            signature=_signature(),
            input_example=pd.DataFrame({"horizon": [12]}),
            pip_requirements=[f"cumulus-forecasting=={self._version}"],
        )
        model.run_id, model.artifact_path, model.model_uuid = PLACES
        model.model_size_bytes = SIZE
        files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        return files | {"MLmodel": model.to_yaml().encode()}


def _signature() -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    columns = [("unique_id", DataType.string), ("ds", DataType.datetime), ("model", DataType.string)]
    columns += [(name, DataType.double) for name in ("mean", *BANDS)]
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.long, "horizon")]),
        outputs=Schema([ColSpec(kind, name) for name, kind in columns]),
    )
