"""Aliases of the registry, and the data sets behind the runs."""

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from forecasting.errors import TrackingError
from forecasting.evaluation import Champion
from forecasting.tracking import IndicatorRecord, NightRecord, Tracker, forget

Indicators = Callable[..., IndicatorRecord]
Nights = Callable[..., NightRecord]
NAME = "cumulus.indicator_01"


class Review:
    """Nights of one indicator, recorded one after the other."""

    def __init__(self, home: Path, indicator: Indicators, night: Nights) -> None:
        self.uri = f"sqlite:///{home}/mlruns/mlflow.db"
        self.tracker = Tracker(self.uri, home / "mlruns" / "artifacts")
        self.client = MlflowClient(self.uri, self.uri)
        self._indicator, self._night, self._count = indicator, night, 0

    def record(
        self, champion: str, challenger: str | Mapping[str, Any] | None = None, months: int = 96
    ) -> IndicatorRecord:
        self._count += 1
        item = self._indicator(1, model=champion, months=months)
        if isinstance(challenger, str):
            challenger = {"model": challenger, "candidates": [challenger]}
        if challenger:
            item = replace(item, challenger={**item.champion, **challenger})
        self.tracker.record_night(self._night(f"run-{self._count}", f"2025-01-{self._count:02d}", indicators=[item]))
        return item

    @property
    def aliases(self) -> dict[str, str]:
        """Alias -> model and version."""
        found = self.client.get_registered_model(NAME).aliases
        return {
            alias: f"{self.client.get_model_version(NAME, version).tags['cumulus.model']} {version}"
            for alias, version in found.items()
        }

    @property
    def lasting(self) -> Run:
        """The indicator's run."""
        (run,) = self.client.search_runs([self.client.get_experiment_by_name("cumulus/indicators").experiment_id])
        return run

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.lasting.data.tags)

    def break_off(self, before: Mapping[str, str], *names: str) -> None:
        """Let the run's tags, which come last in a night, be what they were."""
        for name in names:
            self.client.set_tag(self.lasting.info.run_id, name, before[name])


@pytest.fixture
def review(mlflow_home: Path, make_indicator: Indicators, make_night: Nights) -> Review:
    return Review(mlflow_home, make_indicator, make_night)


def test_a_champion_that_is_followed_by_another_is_the_previous_one(review: Review) -> None:
    review.record("seasonal_naive")
    assert review.aliases == {"champion": "seasonal_naive 1"}
    review.record("seasonal_naive", months=97)  # the same model on new data is no other champion
    assert review.aliases == {"champion": "seasonal_naive 2"}
    review.record("optimized_theta", months=97)
    assert review.aliases == {"champion": "optimized_theta 3", "previous": "seasonal_naive 2"}


def test_a_challenger_has_an_alias_as_long_as_it_is_one_and_forecasts_from_the_loaded_model(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = review.record("seasonal_naive", "optimized_theta")
    assert review.aliases == {"champion": "seasonal_naive 1", "challenger": "optimized_theta 2"}
    assert review.tags["cumulus.challenger"] == "optimized_theta"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", review.uri)
    model = mlflow.pyfunc.load_model(f"models:/{NAME}@challenger")
    expected = Champion.from_dict(dict(item.challenger or {})).predict(3)
    pd.testing.assert_frame_equal(model.predict(pd.DataFrame({"horizon": [3]})), expected)
    review.record("seasonal_naive", "optimized_theta")
    assert review.aliases["challenger"] == "optimized_theta 2"
    review.record("seasonal_naive")
    assert review.aliases == {"champion": "seasonal_naive 1"}
    assert review.tags["cumulus.challenger"] == "none"
    review.record("seasonal_naive", "optimized_theta")
    assert review.aliases == {"champion": "seasonal_naive 1", "challenger": "optimized_theta 3"}


def test_a_combination_that_challenges_is_registered_with_its_weights(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = {
        "model": "stack", "candidates": ["optimized_theta", "auto_ets"], "weights": [[0.25], [0.75]],
        "fitted": [96, 90], "learnt": [[], []],
    }  # fmt: skip
    item = review.record("seasonal_naive", recipe)
    version = review.client.get_model_version_by_alias(NAME, "challenger")
    assert version.tags["cumulus.model"] == "stack"
    assert version.tags["cumulus.weights"] == "auto_ets 0.750, optimized_theta 0.250"
    assert review.client.get_model_version_by_alias(NAME, "champion").tags["cumulus.weights"] == "seasonal_naive"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", review.uri)
    found = mlflow.pyfunc.load_model(f"models:/{NAME}@challenger").predict(pd.DataFrame({"horizon": [3]}))
    expected = Champion.from_dict(dict(item.challenger or {})).predict(3)
    pd.testing.assert_frame_equal(found, expected)
    assert set(found["model"]) == {"stack"}


def test_a_rollback_swaps_champion_and_previous_and_the_next_night_goes_on_from_there(review: Review) -> None:
    review.record("seasonal_naive")
    review.record("optimized_theta")
    assert review.tracker.roll_back("indicator_01", "seasonal_naive")
    assert review.aliases == {"champion": "seasonal_naive 1", "previous": "optimized_theta 2"}
    assert review.tags["cumulus.champion"] == "seasonal_naive"
    review.record("seasonal_naive")
    assert review.aliases == {"champion": "seasonal_naive 1", "previous": "optimized_theta 2"}
    review.record("seasonal_naive", months=97)
    assert review.aliases == {"champion": "seasonal_naive 3", "previous": "optimized_theta 2"}


def test_a_rollback_to_what_the_registry_does_not_have_leaves_it_alone(review: Review) -> None:
    assert not review.tracker.roll_back("indicator_01", "seasonal_naive")
    review.record("seasonal_naive")
    assert not review.tracker.roll_back("indicator_01", "optimized_theta")
    review.record("optimized_theta")
    before = review.aliases
    assert not review.tracker.roll_back("indicator_01", "prophet")
    assert review.aliases == before
    with pytest.raises(MlflowException):
        review.client.get_model_version_by_alias(NAME, "challenger")


def test_an_alias_that_was_moved_by_hand_is_moved_back_and_said(
    review: Review, caplog: pytest.LogCaptureFixture
) -> None:
    review.record("seasonal_naive", "optimized_theta")
    review.record("optimized_theta", "median")
    stood = {"champion": "optimized_theta 3", "challenger": "median 4", "previous": "seasonal_naive 1"}
    assert review.aliases == stood
    assert not caplog.records
    review.client.set_registered_model_alias(NAME, "champion", "1")
    review.client.set_registered_model_alias(NAME, "challenger", "1")
    review.record("optimized_theta", "median")
    assert review.aliases == stood
    assert caplog.messages == [
        f"{NAME}: the alias champion is at version 1, the last night on record left it at 3; it follows tonight's",
        f"{NAME}: the alias challenger is at version 1, the last night on record left it at 4; it follows tonight's",
    ]
    review.client.set_registered_model_alias(NAME, "champion", "2")
    review.record("median", months=97)
    assert review.aliases == {"champion": "median 5", "previous": "optimized_theta 3"}
    review.client.set_registered_model_alias(NAME, "challenger", "1")
    review.record("median", months=97)
    assert review.aliases == {"champion": "median 5", "previous": "optimized_theta 3"}


def test_an_alias_that_was_deleted_by_hand_is_set_again(review: Review, caplog: pytest.LogCaptureFixture) -> None:
    review.record("seasonal_naive", "optimized_theta")
    stood = review.aliases
    for alias in ("champion", "challenger"):
        review.client.delete_registered_model_alias(NAME, alias)
    review.record("seasonal_naive", "optimized_theta")
    assert review.aliases == stood == {"champion": "seasonal_naive 1", "challenger": "optimized_theta 2"}
    assert f"{NAME}: the alias champion is at version none, the last night on record left it at 1" in caplog.text


def test_files_of_a_model_that_were_lost_are_made_again(
    review: Review, mlflow_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    review.record("seasonal_naive", "optimized_theta")
    stood = review.aliases
    shutil.rmtree(mlflow_home / "mlruns" / "artifacts")
    review.record("seasonal_naive", "optimized_theta")
    assert review.aliases == stood
    assert len(review.client.search_model_versions(f"name = '{NAME}'")) == 2
    monkeypatch.setenv("MLFLOW_TRACKING_URI", review.uri)
    for alias in stood:
        model = mlflow.pyfunc.load_model(f"models:/{NAME}@{alias}")
        assert len(model.predict(pd.DataFrame({"horizon": [3]}))) == 3
    assert mlflow.artifacts.load_text(f"{review.lasting.info.artifact_uri}/fan_chart.svg").startswith("<svg")


def test_a_version_that_was_deleted_is_made_again(review: Review) -> None:
    review.record("seasonal_naive")
    review.record("seasonal_naive", months=97)
    review.client.delete_model_version(NAME, "2")
    review.record("seasonal_naive", months=97)
    assert review.aliases == {"champion": "seasonal_naive 3"}
    review.client.set_registered_model_alias(NAME, "champion", "1")
    review.client.delete_model_version(NAME, "3")
    review.record("seasonal_naive", months=97)
    assert review.aliases == {"champion": "seasonal_naive 4"}


def test_a_night_that_broke_off_after_a_promotion_leaves_the_one_before_as_previous(review: Review) -> None:
    review.record("seasonal_naive")
    before = review.tags
    review.record("optimized_theta")
    review.break_off(before, "cumulus.champion", "cumulus.champion_sha256", "cumulus.champion_version")
    review.record("optimized_theta", months=97)
    assert review.aliases == {"champion": "optimized_theta 3", "previous": "seasonal_naive 1"}


def test_a_rollback_goes_to_the_run_that_lasts_whatever_became_of_the_one_before(
    review: Review, caplog: pytest.LogCaptureFixture
) -> None:
    review.record("seasonal_naive")
    review.record("optimized_theta")
    first = review.lasting
    review.client.delete_run(first.info.run_id)
    review.record("optimized_theta")
    assert review.tracker.roll_back("indicator_01", "seasonal_naive")
    assert review.aliases == {"champion": "seasonal_naive 1", "previous": "optimized_theta 3"}
    assert review.tags["cumulus.champion"] == "seasonal_naive"
    review.record("seasonal_naive")
    assert review.aliases == {"champion": "seasonal_naive 1", "previous": "optimized_theta 3"}
    review.client.restore_run(first.info.run_id)
    review.record("seasonal_naive", months=97)
    assert review.aliases == {"champion": "seasonal_naive 4", "previous": "optimized_theta 3"}
    night = dt.date(2025, 1, review._count).isoformat()
    runs = review.client.search_runs([first.info.experiment_id])
    lasting = {run.info.run_id: run.data.tags["cumulus.night"] for run in runs}
    assert len(lasting) == 2
    assert lasting[first.info.run_id] == night
    assert "indicator_01: 2 runs of cumulus/indicators are active; the first goes on, delete the rest" in caplog.text


def test_a_version_that_somebody_else_registered_is_no_champion_to_go_back_to(review: Review) -> None:
    review.record("seasonal_naive")
    review.record("optimized_theta")
    source = review.client.get_model_version(NAME, "1").source
    strange = review.client.create_model_version(NAME, source=source, await_creation_for=0)
    review.client.set_registered_model_alias(NAME, "previous", strange.version)
    assert not review.tracker.roll_back("indicator_01", "seasonal_naive")
    assert review.client.get_registered_model(NAME).aliases == {"champion": 2, "previous": 3}


def test_runs_name_the_figures_that_they_were_made_from(review: Review) -> None:
    item = review.record("seasonal_naive")
    review.record("seasonal_naive")
    last = review.record("seasonal_naive", months=97)
    run = review.lasting
    sources = [json.loads(each.dataset.source) for each in run.inputs.dataset_inputs]
    assert sorted(source["known_on"] for source in sources) == ["2025-01-01", "2025-01-03"]  # a new one for new data
    assert {source["sha256"] for source in sources} == {item.data_sha256, last.data_sha256}
    digests = {each.dataset.digest for each in run.inputs.dataset_inputs}
    assert digests == {item.data_sha256[:16], last.data_sha256[:16]}
    night = review.client.search_runs([review.client.get_experiment_by_name("cumulus/nights").experiment_id])[0]
    (given,) = night.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("observations", "0" * 16)
    assert {tag.key: tag.value for tag in given.tags} == {
        "mlflow.data.context": "training", "cumulus.vintage": "2025-01-03",
    }  # fmt: skip


def test_a_night_that_broke_off_after_registering_goes_on_with_the_version_it_made(review: Review) -> None:
    review.record("seasonal_naive")
    before = review.tags
    review.record("optimized_theta")
    review.break_off(before, "cumulus.champion", "cumulus.champion_sha256")
    (night,) = review.client.search_runs(
        [review.client.get_experiment_by_name("cumulus/nights").experiment_id], "tags.`cumulus.run_id` = 'run-2'"
    )
    review.client.set_terminated(night.info.run_id, "FAILED")
    review._count = 1
    review.record("optimized_theta")
    assert review.aliases == {"champion": "optimized_theta 2", "previous": "seasonal_naive 1"}
    assert len(review.client.search_model_versions(f"name = '{NAME}'")) == 2


def test_old_nights_points_and_versions_that_nothing_names_are_forgotten(review: Review, mlflow_home: Path) -> None:
    for model in ("seasonal_naive", "optimized_theta", "median"):
        review.record(model)
    assert forget(review.uri, mlflow_home / "mlruns" / "artifacts", dt.date(2025, 1, 3)) > 0
    nights = review.client.get_experiment_by_name("cumulus/nights").experiment_id
    (left,) = review.client.search_runs([nights])
    assert left.data.tags["cumulus.night"] == "2025-01-03"
    points = review.client.get_metric_history(review.lasting.info.run_id, "observations")
    assert [point.step for point in points] == [dt.date(2025, 1, 3).toordinal()]
    assert review.aliases == {"champion": "median 3", "previous": "optimized_theta 2"}
    assert len(list((mlflow_home / "mlruns" / "artifacts").rglob("MLmodel"))) == 2
    assert len(list((mlflow_home / "mlruns" / "artifacts").rglob("leaderboard.json"))) == 1
    assert forget(review.uri, mlflow_home / "mlruns" / "artifacts", dt.date(2025, 1, 3)) == 0
    assert forget(f"sqlite:///{mlflow_home}/none.db", mlflow_home, dt.date(2025, 1, 3)) == 0


def test_what_a_modeller_keeps_beside_ours_is_never_forgotten(review: Review, mlflow_home: Path) -> None:
    review.record("seasonal_naive")
    lasting, client = review.lasting.info, review.client
    own = client.create_run(lasting.experiment_id, run_name="study").info.run_id
    for step in range(3):
        client.log_metric(own, "mase.mine", 1 / (step + 1), step=step)
        client.log_metric(lasting.run_id, "study.mase", 1 / (step + 1), step=step)
    forget(review.uri, mlflow_home / "mlruns" / "artifacts", dt.date(2025, 1, 2))
    assert client.get_metric_history(lasting.run_id, "observations") == []
    assert [point.step for point in client.get_metric_history(own, "mase.mine")] == [0, 1, 2]
    assert [point.step for point in client.get_metric_history(lasting.run_id, "study.mase")] == [0, 1, 2]


def test_files_that_a_model_of_a_modellers_own_needs_stay_when_a_version_is_forgotten(
    review: Review, mlflow_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    review.record("seasonal_naive")
    review.client.create_registered_model("mine")
    review.client.create_model_version("mine", source=review.client.get_model_version(NAME, "1").source)
    for months in (97, 98):
        review.record("seasonal_naive", months=months)
    forget(review.uri, mlflow_home / "mlruns" / "artifacts", dt.date(2025, 1, 3))
    assert [str(one.version) for one in review.client.search_model_versions(f"name = '{NAME}'")] == ["3"]
    assert len(list((mlflow_home / "mlruns" / "artifacts").rglob("MLmodel"))) == 2
    monkeypatch.setenv("MLFLOW_TRACKING_URI", review.uri)
    assert len(mlflow.pyfunc.load_model("models:/mine/1").predict(pd.DataFrame({"horizon": [3]}))) == 3


def test_old_nights_are_forgotten_on_postgresql_too_whose_artifacts_were_moved(
    postgres_url: str, tmp_path: Path, make_indicator: Indicators, make_night: Nights
) -> None:
    tracker = Tracker(postgres_url, tmp_path / "artifacts")
    for day in ("2025-01-01", "2025-01-02"):
        tracker.record_night(make_night(day, day, indicators=[make_indicator(1)]))
    moved = (tmp_path / "artifacts").rename(tmp_path / "moved")
    assert forget(postgres_url, moved, dt.date(2025, 1, 2)) > 0
    assert tracker.nights() == 1
    assert len(list((moved / "cumulus" / "nights").iterdir())) == 1


def test_a_store_that_refuses_to_forget_is_an_error_of_ours(review: Review, mlflow_home: Path) -> None:
    review.record("seasonal_naive")
    with closing(sqlite3.connect(mlflow_home / "mlruns" / "mlflow.db")) as connection:
        connection.execute("DROP TABLE metrics")
    with pytest.raises(TrackingError, match="tracking store: OperationalError"):
        forget(review.uri, mlflow_home / "mlruns" / "artifacts", dt.date(2025, 1, 1))


def test_a_night_that_lost_its_process_is_closed_by_the_next_one(review: Review) -> None:
    review.record("seasonal_naive")
    number = review.client.get_experiment_by_name("cumulus/nights").experiment_id
    lost = review.client.create_run(number, tags={"cumulus.run_id": "lost", "cumulus.night": "2025-01-01"})
    review.record("seasonal_naive")
    assert review.client.get_run(lost.info.run_id).info.status == "KILLED"
