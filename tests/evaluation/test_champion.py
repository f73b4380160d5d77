from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import InputError, ModelError
from forecasting.evaluation import Champion, PanelForecast, challenger
from forecasting.models import MODELS, SettledModel

ROOT = Path(__file__).parents[2]
QUANTILES = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]


def test_every_champion_forecasts_again_what_the_panel_forecast_says(result: PanelForecast) -> None:
    for name, champion in result.champions.items():
        again = champion.predict(20)
        first = result.quantiles[result.quantiles["unique_id"] == name].reset_index(drop=True)
        assert list(again.columns) == list(first.columns)
        pd.testing.assert_frame_equal(again[["unique_id", "ds", "model"]], first[["unique_id", "ds", "model"]])
        width = (first["q975"] - first["q025"]).to_numpy()
        assert (np.abs(again["q50"] - first["q50"]) <= 1e-6 * width).all()
        for column in ["mean", *QUANTILES]:
            assert (np.abs(again[column] - first[column]) <= 0.02 * width).all()


def test_a_champion_forecasts_with_a_state_that_was_fitted_less_than_a_sixth_before(result: PanelForecast) -> None:
    some = [c for c in result.champions.values() if c.candidates != ("last_resort",)]
    fits = [(len(c.y), name, n) for c in some for name, n in zip(c.candidates, c.fitted, strict=True)]
    settled = {name for _, name, _ in fits if isinstance(MODELS.get(name), SettledModel)}
    assert all(7 * n > 6 * length - 7 for length, name, n in fits if name not in settled)
    assert all(4 * n > 3 * length - 4 for length, _, n in fits)  # a settled model's, less than a third
    long = result.champions["rate"]
    y = np.random.default_rng(3).normal(size=240).cumsum()
    ds = tuple(pd.date_range("2001-01-01", periods=240, freq="MS").strftime("%Y-%m"))
    whole = replace(long, y=tuple(y), ds=ds, candidates=("auto_ces",), fitted=(240,), weights=(), learnt=((),))
    early = replace(whole, fitted=(216,))
    assert not np.allclose(whole.predict(6)["q50"], early.predict(6)["q50"], rtol=1e-9)
    before = replace(early, y=early.y[:216], ds=early.ds[:216])
    np.testing.assert_array_equal(before.predict(6)["q50"], replace(before, fitted=(216,)).predict(6)["q50"])


def test_a_champion_of_the_earlier_format_is_fitted_to_its_whole_history(result: PanelForecast) -> None:
    champion = result.champions["m50"]
    earlier = {name: value for name, value in champion.to_dict().items() if name != "fitted"} | {"version": 2}
    assert set(Champion.from_dict(earlier).fitted) == {len(champion.y)}


def test_a_champion_of_the_earlier_format_weighs_all_steps_alike(result: PanelForecast) -> None:
    recipe = result.recipes["m50"]["stack"]
    values = challenger(result.champions["m50"], "stack", recipe, result.losses["m50"]).to_dict()
    fourth = values | {"version": 4, "weights": [weight for (weight,) in values["weights"]]}
    assert len(fourth["weights"]) > 1
    assert Champion.from_dict(fourth) == Champion.from_dict(values)


def test_weights_by_step_stay_beyond_the_backtest_what_they_were_at_its_end(result: PanelForecast) -> None:
    other = replace(
        result.champions["m50"], candidates=("auto_ets", "optimized_theta"), fitted=(50, 50), learnt=((), ())
    )
    first, second = (replace(other, weights=((w,), (1 - w,))).predict(8)["q50"] for w in (1.0, 0.0))
    moving = replace(other, weights=((1.0, 1.0, 0.5), (0.0, 0.0, 0.5))).predict(8)["q50"]
    np.testing.assert_allclose(moving[:2], first[:2], rtol=1e-9)
    np.testing.assert_allclose(moving[2:], np.sqrt(first * second)[2:], rtol=1e-6)


def test_a_champion_loaded_from_json_in_a_fresh_process_forecasts_the_same(
    result: PanelForecast, tmp_path: Path
) -> None:
    champion = result.champions["eleven"]
    file = tmp_path / "champion.json"
    file.write_text(json.dumps(champion.to_dict(), allow_nan=False), encoding="utf-8")
    code = (
        "import json, pathlib, sys; from forecasting.evaluation import Champion;"
        "c = Champion.from_dict(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding='utf-8')));"
        "print(c.predict(15).to_json(orient='split', double_precision=15))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    loaded = json.loads(done.stdout)
    table = champion.predict(15)
    assert loaded["columns"] == list(table.columns)
    numbers = np.array([row[3:] for row in loaded["data"]])
    np.testing.assert_allclose(numbers, table[["mean", *QUANTILES]].to_numpy(), rtol=1e-12)
    assert Champion.from_dict(champion.to_dict()) == champion


def test_a_champion_cannot_be_changed_and_is_small(result: PanelForecast) -> None:
    champion = result.champions["m50"]
    with pytest.raises(FrozenInstanceError):
        champion.model = "auto_ets"  # type: ignore[misc]
    assert len(json.dumps(champion.to_dict())) < 10_000


def test_beyond_the_backtest_the_band_goes_on_widening(result: PanelForecast) -> None:
    table = result.champions["rate"].predict(40)
    width = (table["q95"] - table["q05"]).to_numpy()
    assert (np.diff(width) >= -1e-9).all()
    assert width[39] / width[19] == pytest.approx(np.sqrt(2))


def test_where_early_months_are_harder_to_tell_their_bands_alone_are_wider(result: PanelForecast) -> None:
    champion = replace(result.champions["rate"], early=1.0)
    usual, wider = (each.predict(30) for each in (champion, replace(champion, early=2.0)))
    ratio = (wider["q95"] - wider["q50"]) / (usual["q95"] - usual["q50"])
    np.testing.assert_allclose(ratio, np.where(usual["ds"].dt.month <= 3, 2.0, 1.0))
    eleven = replace(result.champions["eleven"], early=2.0)
    assert eleven.predict(12).equals(replace(eleven, early=1.0).predict(12))
    fifth = {name: value for name, value in champion.to_dict().items() if name != "early"} | {"version": 5}
    assert Champion.from_dict(fifth) == champion


def test_a_combination_of_which_a_model_cannot_look_as_far_says_so(result: PanelForecast) -> None:
    noise = 0.01 * np.random.default_rng(2).standard_normal(72)
    climbing = tuple(np.round(100 * np.exp(np.append(np.zeros(66), 0.05 * np.arange(6)) + noise), 2).tolist())
    two = ("auto_ets_levels", "auto_ces")
    champion = replace(
        result.champions["m50"], model="median", y=climbing, candidates=two, fitted=(72, 72), weights=(),
        learnt=((), ()), scale="log", ds=tuple(pd.date_range("2018-01-01", periods=72, freq="MS").strftime("%Y-%m")),
    )  # fmt: skip
    assert len(champion.predict(6)) == 6
    message = r"m50: median cannot forecast 60 periods, its backtest had \d+: auto_ets_levels: the forecast leaves"
    with pytest.raises(ModelError, match=message):
        champion.predict(60)


def test_a_request_that_makes_no_sense_is_refused(result: PanelForecast) -> None:
    champion = result.champions["rate"]
    with pytest.raises(InputError, match="rate: horizon 0"):
        champion.predict(0)
    with pytest.raises(InputError, match=r"rate: horizon 2\.5; a whole number of at least 1 is needed"):
        champion.predict(2.5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"rate: horizon 5000 ends after 2199-12; at most \d+ from 20\d\d-\d\d on"):
        champion.predict(5000)
    with pytest.raises(ModelError, match="version 99"):
        Champion.from_dict({**champion.to_dict(), "version": 99})
    with pytest.raises(ModelError, match="lstm is unknown here"):
        Champion.from_dict({**champion.to_dict(), "candidates": ["lstm"] * len(champion.candidates)}).predict(3)
