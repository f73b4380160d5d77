"""One lower bound of joint draws, whoever asks for a forecast."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from forecasting import decumulate
from forecasting.cli import app
from forecasting.errors import InputError
from forecasting.evaluation import forecast_panel
from forecasting.outlook import make_outlook
from forecasting.sampling import FEWEST_JOINT_DRAWS
from forecasting.settings import FitSettings
from tests.decumulation.publication import levels, publish

TOO_FEW = FEWEST_JOINT_DRAWS - 1


@pytest.mark.parametrize("command", ["headline", "forecast"])
def test_a_command_says_the_bound_before_it_reads_anything(command, tmp_path):
    arguments = [command, "none.csv", "-o", str(tmp_path / "out.csv"), "--horizon", "1", "--draws", str(TOO_FEW)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    said = " ".join(result.output.replace("│", " ").split())
    assert f"greater than or equal to {FEWEST_JOINT_DRAWS}" in said


def test_the_settings_take_as_many_and_no_fewer():
    assert FitSettings(draws=FEWEST_JOINT_DRAWS).draws == FEWEST_JOINT_DRAWS
    with pytest.raises(ValidationError, match=f"greater than or equal to {FEWEST_JOINT_DRAWS}"):
        FitSettings(draws=TOO_FEW)


def test_a_panel_and_an_outlook_are_made_of_as_many_and_no_fewer():
    panel = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2020-01-01", periods=30, freq="MS"), "y": 5.0})
    with pytest.raises(InputError, match=f"draws {TOO_FEW}; a whole number of at least {FEWEST_JOINT_DRAWS} is needed"):
        forecast_panel(panel, 2, draws=TOO_FEW, seed=0)
    table = publish(levels(np.full((4, 12), 0.06), np.full(12, 100.0)), merged=True).drop(columns="family")
    with pytest.raises(InputError, match=f"recover them with draws={FEWEST_JOINT_DRAWS} or more"):
        make_outlook(decumulate(table, draws=TOO_FEW), table, horizon=2)
