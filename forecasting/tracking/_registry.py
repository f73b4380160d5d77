"""The model registry: a version of `cumulus.<indicator>` whenever its champion changes, alias `champion`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forecasting.tracking._mlflow import load_mlflow
from forecasting.tracking._records import IndicatorRecord

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.models import Model, ModelSignature

__all__ = ["ALIAS", "Registry", "model_name"]

ALIAS = "champion"
SHA_TAG = "cumulus.champion_sha256"
BANDS = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")


def model_name(indicator: str) -> str:
    """Name of an indicator's registered model."""
    return f"cumulus.{indicator}"


class Registry:
    """The registered champions as they are at the start of a night."""

    def __init__(self, client: MlflowClient) -> None:
        self._client = client
        self._aliases: dict[str, str | None] = {}
        token = None
        while token != "":
            page = client.search_registered_models("name LIKE 'cumulus.%'", max_results=1000, page_token=token)
            self._aliases |= {model.name: model.aliases.get(ALIAS) for model in page}
            token = page.token or ""

    def update(self, item: IndicatorRecord, run: Run, *, night: str, version: str) -> None:
        """Register the champion unless the one under the alias is the same to the byte."""
        name, sha256 = model_name(item.id), item.champion_sha256
        current = self._aliases.get(name)
        if current and self._client.get_model_version(name, current).tags.get(SHA_TAG) == sha256:
            return
        from mlflow.models import Model

        if name not in self._aliases:
            self._client.create_registered_model(name, description=f"Forecaster of {item.title} ({item.id})")
        path = f"champions/{sha256[:16]}"
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model"
            _save(item, model, Model(artifact_path=path, run_id=run.info.run_id), version)
            self._client.log_artifacts(run.info.run_id, str(model), path)
        made = self._client.create_model_version(
            name,
            source=f"{run.info.artifact_uri}/{path}",
            run_id=run.info.run_id,
            tags={SHA_TAG: sha256, "cumulus.model": str(item.champion["model"]), "cumulus.night": night},
            await_creation_for=0,
        )
        self._client.set_registered_model_alias(name, ALIAS, made.version)
        self._aliases[name] = made.version


def _save(item: IndicatorRecord, path: Path, model: Model, version: str) -> None:
    mlflow = load_mlflow()
    with tempfile.TemporaryDirectory() as folder:
        champion = Path(folder) / "champion.json"
        champion.write_text(item.champion_json, encoding="utf-8")
        mlflow.pyfunc.save_model(
            path=str(path),
            mlflow_model=model,
            python_model=str(Path(__file__).with_name("_served.py")),
            artifacts={"champion": str(champion)},
            signature=_signature(),
            input_example=pd.DataFrame({"horizon": [12]}),
            pip_requirements=[f"cumulus-forecasting=={version}"],
        )


def _signature() -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    columns = [("unique_id", DataType.string), ("ds", DataType.datetime), ("model", DataType.string)]
    columns += [(name, DataType.double) for name in ("mean", *BANDS)]
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.long, "horizon")]),
        outputs=Schema([ColSpec(kind, name) for name, kind in columns]),
    )
