"""The model registry: versions of `cumulus.<indicator>` and who they are, by alias.

`champion` forecasts, `challenger` is the rival worth watching, `previous` is the last version of the model that was
champion before. A version is registered when a forecaster or its training data change. Who is champion is decided
elsewhere; the registry carries it out.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecasting.tracking._mlflow import load_mlflow
from forecasting.tracking._records import IndicatorRecord, forecaster_json, forecaster_sha256, weights_text

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.models import ModelSignature

__all__ = ["CHAMPION", "CHAMPION_MODEL", "PREVIOUS", "SHA_TAG", "Registry", "model_name"]

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
SHA_TAG = "cumulus.{}_sha256"
CHAMPION_MODEL = "cumulus.champion"
NOBODY = "none"
"""Instead of a model's name, in the tags of an indicator."""
PLACES = ("PLACE_OF_THE_RUN", "PLACE_OF_THE_PATH", "PLACE_OF_THE_UUID")
"""In the text of a template, where models differ."""
BANDS = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")


def model_name(indicator: str) -> str:
    """Name of an indicator's registered model."""
    return f"cumulus.{indicator}"


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
        """Whether champion and challenger, with their training data, are registered as they are."""
        aliases = self._aliases.get(model_name(item.id), {})
        return all(
            sha256 == (run.data.tags.get(SHA_TAG.format(alias), "") if alias in aliases else "")
            for alias, forecaster in ((CHAMPION, item.champion), (CHALLENGER, item.challenger))
            for sha256 in ["" if forecaster is None else forecaster_sha256(forecaster)]
        )

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
        aliases, out = self._aliases[name], {}
        before = self._champion_before(name, tags)
        for alias, forecaster in ((CHAMPION, item.champion), (CHALLENGER, item.challenger)):
            tag = SHA_TAG.format(alias)
            sha256 = "" if forecaster is None else forecaster_sha256(forecaster)
            if sha256 == (tags.get(tag, "") if alias in aliases else ""):
                continue
            out[tag] = sha256
            if forecaster is None:
                self._client.delete_registered_model_alias(name, alias)
                del aliases[alias]
                continue
            made = self._broken_off(name, sha256, night) if crowded else None
            made = made or self._register(name, forecaster, sha256, run, artifacts, night)
            if alias == CHAMPION and aliases.get(CHAMPION, made) != made and before != forecaster["model"]:
                self._set(name, PREVIOUS, aliases[CHAMPION])
            self._set(name, alias, made)
        return out

    def _champion_before(self, name: str, tags: Mapping[str, str]) -> str | None:
        """The model behind the alias champion, which an indicator that had left the catalogue has kept."""
        before = tags.get(CHAMPION_MODEL)
        if before != NOBODY or CHAMPION not in self._aliases[name]:
            return before
        return str(self._client.get_model_version(name, self._aliases[name][CHAMPION]).tags["cumulus.model"])

    def _broken_off(self, name: str, sha256: str, night: str) -> str | None:
        """The version that an attempt of this night has registered before it broke off."""
        wanted = f"name = '{name}' AND tags.`cumulus.sha256` = '{sha256}' AND tags.`cumulus.night` = '{night}'"
        found = self._client.search_model_versions(wanted, max_results=1)
        return str(found[0].version) if found else None

    def _register(
        self, name: str, forecaster: Mapping[str, Any], sha256: str, run: Run, artifacts: Path, night: str
    ) -> str:
        path = f"models/{sha256[:16]}"
        self._template.write(artifacts / path, forecaster, run_id=run.info.run_id, path=path)
        made = self._client.create_model_version(
            name,
            source=f"{run.info.artifact_uri}/{path}",
            run_id=run.info.run_id,
            tags={
                "cumulus.sha256": sha256,
                "cumulus.model": str(forecaster["model"]),
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
        for place, value in zip(PLACES, (run_id, path, uuid.uuid4().hex), strict=True):
            files["MLmodel"] = files["MLmodel"].replace(place.encode(), f"'{value}'".encode())
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
