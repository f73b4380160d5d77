"""A forecaster as an MLflow model. MLflow keeps this file with the model and runs it on loading: no pickle.

MLflow reads the annotations of `predict`, so they are not postponed here.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from mlflow.pyfunc.model import PythonModel


def champion_model() -> "PythonModel":
    """The model as MLflow knows it, empty until its context is loaded."""
    from mlflow.pyfunc.model import PythonModel, PythonModelContext

    class ChampionModel(PythonModel):
        """Forecasts as far as it is asked to, from the history stored with it."""

        def load_context(self, context: PythonModelContext) -> None:
            """Read the forecaster from the JSON file beside the model."""
            from forecasting.evaluation import Champion

            text = Path(context.artifacts["forecaster"]).read_text(encoding="utf-8")
            self.champion = Champion.from_dict(json.loads(text))

        def predict(
            self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
        ) -> pd.DataFrame:
            """Quantiles of the coming periods, in the unit of the history stored with it.

            Args:
                context: Not used.
                model_input: One row with the column ``horizon``, the number of periods ahead.
                params: Not used.

            Returns:
                Columns unique_id, ds, model, mean and q025 to q975; one row a period. January and February that are
                one period are told as their sum, at February.

            Raises:
                InputError: Not one row, or a horizon below 1.
            """
            from forecasting.errors import InputError, Problem

            wanted = model_input["horizon"].tolist()
            if len(wanted) != 1:
                what = f"{len(wanted)} rows; one with the column horizon is needed, since a model forecasts one series"
                raise InputError(self.champion.unique_id, [Problem("", what)])
            return self.champion.predict(int(wanted[0]))

    return ChampionModel()


if not __name__.startswith("forecasting."):  # MLflow runs the file under a name of its own
    from mlflow.models import set_model

    set_model(champion_model())
