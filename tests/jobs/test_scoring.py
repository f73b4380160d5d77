"""Nights as of past days, scored when the figures that they forecast have appeared."""

import datetime as dt
import filecmp
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import mlflow
import numpy as np
import pandas as pd
import pytest
from pydantic import SecretStr

from forecasting.catalog import ZONE, load_catalog
from forecasting.errors import CatalogError, InputError
from forecasting.observations import COLUMNS, check_observations, month_index, month_label
from forecasting.publishing import TABLES, provenance, read_release
from forecasting.publishing._diff_text import _INPUTS
from forecasting.settings import ChampionSettings, FitSettings, ProjectionSettings, PublishingSettings, Settings
from forecasting.store import ChampionHistory, ForecastArchive, Reign, Store
from jobs.nightly import NightResult, run_night
from jobs.scoring import NO_NOISE, Memory, digest, night_of, roll_back, warnings_of, with_references
from tests.commands import run_cumulus
from tests.store.test_forecasts import forecasts, moment, put

CATALOG = Path(__file__).with_name("catalog.toml")
DAYS = (dt.date(2025, 9, 20), dt.date(2025, 11, 20), dt.date(2026, 1, 20))
CLOCK = dt.datetime(2026, 2, 1, 2, 30, tzinfo=dt.UTC)
DENSE = "cn_industrial_va"


def settings(home: Path, **changes) -> Settings:
    small = {
        "fit": FitSettings(preset="fast", origins=8, draws=100, horizon=6, workers=1),
        "projection": ProjectionSettings(draws=64),
        "publishing": PublishingSettings(pictures=False),
    }
    return Settings(**{"home": home, "catalog": CATALOG, **small, **changes})


def nights(configured: Settings, days=DAYS) -> list[NightResult]:
    return [run_night(configured, as_of=day, clock=lambda: CLOCK) for day in days]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> tuple[Path, list[NightResult]]:
    path = tmp_path_factory.mktemp("home")
    return path, nights(settings(path))


def table(result: NightResult, name: str) -> pd.DataFrame:
    """One table of a night's release."""
    return read_release(result.release, only=(name,))[name]


def published_rates(result: NightResult) -> pd.Series:
    rows = table(result, "observations").query("measure == 'ytd_yoy' and indicator == @DENSE")
    return rows.set_index("period")["value"]


def test_the_first_night_has_nothing_to_score(home):
    _, (first, *_) = home
    tables = read_release(first.release, only=("scorecard", "drift"))
    assert tables["scorecard"].empty
    assert tables["drift"].empty


def test_the_scores_are_those_of_the_published_forecasts_and_nothing_else(home):
    _, results = home
    rates = published_rates(results[-1])
    card = table(results[-1], "scorecard")
    rows = card.query("indicator == @DENSE and target == 'ytd_yoy' and print == 'first'").set_index(
        ["origin", "period"]
    )
    expected = {}
    for result in results[:-1]:
        before = published_rates(result)
        tables = read_release(result.release, only=("forecasts", "headlines"))
        made = tables["forecasts"].query("indicator == @DENSE and target == 'ytd_yoy'")
        headline = tables["headlines"].query("indicator == @DENSE").set_index("period")
        for row in made.itertuples():
            assert headline.at[row.month, "q50"] == row.q50
            if row.month in rates.index:
                assert row.month not in before.index
                year_before = f"{int(row.month[:4]) - 1}{row.month[4:]}"
                naive = abs(rates[row.month] - before.get(year_before, np.nan))
                expected[row.origin, row.month] = (result.run_id, rates[row.month] - row.q50, naive,
                                                   rates[row.month] - before.iloc[-1])  # fmt: skip
    assert len(expected) == 4 + 2  # September to December from August; November, December from October
    assert set(rows.index) == set(expected)
    for key, (run_id, error, naive, change) in expected.items():
        row = rows.loc[key]
        assert row["forecast_run"] == run_id
        assert (row["error"], row["abs_error"]) == pytest.approx((error, abs(error)), abs=1e-7)
        assert (row["seasonal_naive_abs_error"], row["no_change_abs_error"]) == pytest.approx((naive, abs(change)))
        assert row["inside95"] == (row["q025"] <= row["actual"] <= row["q975"])


def test_nothing_is_scored_by_a_figure_that_was_not_yet_released(home):
    _, results = home
    for result, day in zip(results, DAYS, strict=True):
        card = table(result, "scorecard")
        end = pd.Timestamp(day + dt.timedelta(days=1)).tz_localize("Asia/Shanghai")
        assert (card["appeared"] < end).all()
        made = pd.to_datetime(card["forecast_as_of"]).dt.tz_localize("Asia/Shanghai") + pd.Timedelta(days=1)
        assert (made <= card["appeared"]).all()
        assert set(card.query("indicator == @DENSE")["period"]) <= set(published_rates(result).index)
    assert set(table(results[1], "scorecard").query("indicator == @DENSE")["period"]) == {
        "2025-09", "2025-10"}  # fmt: skip


def test_figures_that_differ_in_their_last_bit_are_others():
    frame = pd.DataFrame({"indicator": ["a", "a"], "value": [0.3, 1234.5]})
    for value in (0.1 + 0.2, 0.3 + 1e-13, np.nextafter(0.3, 0)):
        other = frame.assign(value=[value, 1234.5])
        assert digest(other) != digest(frame)
        assert digest(other, digits=NO_NOISE) == digest(frame, digits=NO_NOISE)
    assert digest(frame.assign(value=[0.3, 1234.5])) == digest(frame)


def test_a_night_as_of_today_knows_no_figure_of_later_today_and_is_judged_by_it():
    morning = dt.datetime(2025, 9, 16, 1, tzinfo=dt.UTC)  # an hour before figures come out, at 10:00 in Shanghai
    assert night_of(morning, dt.date(2025, 9, 16)) == (dt.date(2025, 9, 16), morning)
    evening = dt.datetime(2025, 9, 15, 15, 59, 59, 999_999, tzinfo=dt.UTC)
    assert night_of(morning, dt.date(2025, 9, 15)) == (dt.date(2025, 9, 15), evening)
    with pytest.raises(InputError, match="is yet to come"):
        night_of(morning, dt.date(2025, 9, 17))


def test_references_of_some_indicators_at_a_time_are_those_of_all_at_once(monkeypatch):
    months = [month_label(m) for m in range(month_index("2021-01"), month_index("2025-01"))]
    ahead = {"a": ("2024-12", 3), "b": ("2024-12", 14), "c": ("2023-06", 30)}
    monthly = pd.DataFrame([(name, month) for name in ahead for month in months], columns=["indicator", "month"])
    values = np.random.default_rng(1).normal(100, 5, (2, len(monthly)))
    monthly = monthly.assign(months=pd.array([1] * len(monthly), dtype="Int64"), level=values[0], yoy=values[1])
    monthly.loc[monthly["month"] == "2023-12", ["level", "yoy"]] = np.nan  # the furthest look is two years back
    forecasts = pd.DataFrame(
        [
            (name, origin, month_label(month_index(origin) + step), 1, target, 1.0)
            for name, (origin, steps) in ahead.items()
            for target in ("level", "yoy", "ytd_yoy")
            for step in range(1, steps + 1)
        ],
        columns=["indicator", "origin", "month", "months", "target", "mean"],
    )
    rates = monthly.rename(columns={"month": "period"}).assign(measure="ytd_yoy", value=values[1], unit="percent")
    night = SimpleNamespace(forecasts=forecasts), SimpleNamespace(monthly=monthly), rates
    whole = with_references(*night)
    assert whole["seasonal_naive"].notna().mean() > 0.9
    monkeypatch.setattr("jobs.scoring.AT_A_TIME", 1)
    pd.testing.assert_frame_equal(with_references(*night), whole, check_exact=True)


def test_a_difference_of_releases_has_words_for_every_input_of_a_night(home):
    _, results = home
    for result in results:
        assert provenance(result.release)["inputs"].keys() - {"champions"} <= _INPUTS.keys()


def test_what_a_first_night_compares_its_figures_with_is_part_of_its_name(home, tmp_path):
    path, (first, *_) = home
    row = {"indicator": DENSE, "period": "2025-08", "measure": "ytd_yoy", "unit": "percent", "value": "7.7",
           "decimals": "1"}  # fmt: skip
    # after July's figure, so that no origin of a backtest knows another history
    print_before = pd.DataFrame([row]).assign(released_at="2025-08-16T12:00:00Z")
    with Store.open(settings(path).store) as store:
        figures = store.vintages()[list(COLUMNS)]
    with Store.open(settings(tmp_path).store) as store:
        for frame in (check_observations(print_before), figures):
            store.append(frame, ingested_at=CLOCK, payload_sha256="0" * 64)
    other = run_night(settings(tmp_path), as_of=DAYS[0], clock=lambda: CLOCK, ask=False)
    assert table(other, "observations")["value"].tolist() == table(first, "observations")["value"].tolist()
    kinds = [table(one, "revisions").set_index(["indicator", "period"])["kind"] for one in (first, other)]
    assert [kind[DENSE, "2025-08"] for kind in kinds] == ["news", "revision"]
    assert other.run_id != first.run_id


def test_drift_counts_each_figure_once(home):
    _, results = home
    tables = read_release(results[-1].release, only=("scorecard", "drift"))
    row = tables["drift"].query("indicator == @DENSE and target == 'ytd_yoy'").iloc[0]
    assert row["n"] == 4
    assert np.isnan(row["cusum"])
    last = tables["scorecard"].query("indicator == @DENSE and target == 'ytd_yoy' and print == 'first'")
    last = last.sort_values("origin").drop_duplicates("period", keep="last")
    assert row["mase"] == pytest.approx(last["scaled_error"].mean(), abs=1e-6)


def test_the_same_night_again_computes_nothing(home):
    path, results = home
    again = run_night(settings(path), as_of=DAYS[-1], clock=lambda: CLOCK)
    assert again.repeated
    assert again.run_id == results[-1].run_id


def test_a_first_print_that_is_brought_in_later_is_news_to_the_same_night(home, tmp_path):
    path, results = home
    other = tmp_path / "home"
    shutil.copytree(path, other, symlinks=True)
    row = {"indicator": DENSE, "period": "2025-12", "measure": "ytd_yoy", "unit": "percent", "value": "7.7",
           "decimals": "1", "released_at": "2026-01-10"}  # fmt: skip
    with Store.open(settings(other).store) as store:
        store.append(check_observations(pd.DataFrame([row])), ingested_at=CLOCK, payload_sha256="0" * 64)
    again = run_night(settings(other), as_of=DAYS[-1], clock=lambda: CLOCK)
    judged = table(again, "scorecard").query("indicator == @DENSE and target == 'ytd_yoy' and period == '2025-12'")
    before = table(results[-1], "scorecard").query(
        "indicator == @DENSE and target == 'ytd_yoy' and period == '2025-12'"
    )
    assert set(judged.query("print == 'first'")["actual"]) == {7.7}
    assert set(judged.query("print == 'latest'")["actual"]) == set(before["actual"])


@pytest.mark.slow
def test_the_same_nights_in_another_home_on_postgresql_give_the_same_tables(home, postgres_url, tmp_path):
    _, results = home
    others = nights(settings(tmp_path, store_url=SecretStr(postgres_url)))
    names = [f"{name}.csv" for name in TABLES]
    for one, other in zip(results, others, strict=True):
        assert other.run_id == one.run_id
        assert filecmp.cmpfiles(one.release, other.release, names, shallow=False)[0] == names


def test_the_champion_is_held_and_the_decision_is_logged(home):
    path, results = home
    with Store.open(f"sqlite:///{path}/var/cumulus.db") as store:
        reigns = ChampionHistory(store.engine).before(dt.date(2030, 1, 1))
    (first,) = reigns[DENSE]
    assert (first.day, first.run_id) == (DAYS[0], results[0].run_id)
    assert first.reason.startswith("first champion")
    for result in results:
        board = table(result, "leaderboard")
        assert board[board["champion"]]["model"].tolist() == [first.model]
    uri = f"sqlite:///{path}/mlruns/mlflow.db"
    client = mlflow.MlflowClient(uri, uri)
    experiment = client.get_experiment_by_name("cumulus/indicators").experiment_id
    (run,) = client.search_runs([experiment])
    assert {"dm.statistic", "dm.p", "dm.p_adjusted", "live.mase.ytd_yoy", "live.n.ytd_yoy"} <= set(run.data.metrics)
    assert run.data.tags["cumulus.decision"]
    assert [len(client.get_metric_history(run.info.run_id, "dm.p"))] == [len(DAYS)]
    assert run.inputs.dataset_inputs[0].dataset.name == DENSE


def test_a_champion_of_the_store_forecasts_and_a_rollback_brings_the_one_before_back(tmp_path):
    configured = settings(tmp_path, champion=ChampionSettings(cool_down=0))
    with Store.open(configured.store) as store:
        history = ChampionHistory(store.engine)
        history.add([Reign(DENSE, dt.date(2025, 1, 1), "seasonal_naive", "", "by hand")])
    result = nights(configured, DAYS[:1])[0]
    board = table(result, "leaderboard")
    assert board[board["champion"]]["model"].tolist() == ["seasonal_naive"]
    assert set(table(result, "forecasts").query("indicator == @DENSE")["model"]) == {"seasonal_naive"}
    with Store.open(configured.store) as store:
        last = ChampionHistory(store.engine).before(dt.date(2030, 1, 1))[DENSE][-1]
    assert last.model != "seasonal_naive"  # it is beaten beyond chance, and promoted for the next night
    assert "promoted" in last.reason
    assert "DM " in last.reason
    run_night(configured, as_of=DAYS[1], clock=lambda: CLOCK)
    uri = f"sqlite:///{tmp_path}/mlruns/mlflow.db"
    client = mlflow.MlflowClient(uri, uri)
    name = f"cumulus.{DENSE}"

    def model_of(alias: str) -> str:
        return client.get_model_version_by_alias(name, alias).tags["cumulus.model"]

    assert (model_of("champion"), model_of("previous")) == (last.model, "seasonal_naive")
    said, missing = roll_back(configured, DENSE)
    assert missing == ""
    assert "seasonal_naive forecasts from the next night on" in said
    assert "the alias champion is back on it" in said
    assert (model_of("champion"), model_of("previous")) == ("seasonal_naive", last.model)


def test_a_later_run_of_a_day_takes_back_a_promotion_that_it_does_not_repeat(tmp_path):
    eager, strict = (settings(tmp_path, champion=ChampionSettings(cool_down=days)) for days in (0, 3650))
    by_hand = Reign(DENSE, dt.date(2025, 1, 1), "seasonal_naive", "", "by hand")

    def reigns() -> list[Reign]:
        with Store.open(eager.store) as store:
            return ChampionHistory(store.engine).before(dt.date(2030, 1, 1))[DENSE]

    with Store.open(eager.store) as store:
        ChampionHistory(store.engine).add([by_hand])
    [first] = nights(eager, DAYS[:1])
    promoted = reigns()[1:]
    assert [one.run_id for one in promoted] == [first.run_id]
    nights(strict, DAYS[:1])
    assert reigns() == [by_hand]
    again = run_night(eager, as_of=DAYS[0], clock=lambda: CLOCK, force=True)
    assert [(one.run_id, one.model) for one in reigns()[1:]] == [(again.run_id, promoted[0].model)]
    nights(strict, DAYS[:1])
    [second] = nights(strict, DAYS[1:2])
    board = table(second, "leaderboard")
    assert board[board["champion"]]["model"].tolist() == ["seasonal_naive"]
    uri = f"sqlite:///{tmp_path}/mlruns/mlflow.db"
    version = mlflow.MlflowClient(uri, uri).get_model_version_by_alias(f"cumulus.{DENSE}", "champion")
    assert version.tags["cumulus.model"] == "seasonal_naive"


def test_the_day_since_which_a_champion_is_in_place_is_part_of_a_night_s_key(tmp_path):
    found = []
    for days in ((1,), (1, 9)):
        with Store.open(f"sqlite:///{tmp_path}/{len(days)}.db") as store:
            history = ChampionHistory(store.engine)
            history.add([Reign(DENSE, dt.date(2025, 1, day), "theta", "", "by hand") for day in days])
            found.append(Memory.recall(store.engine, load_catalog(CATALOG), DAYS[0], CLOCK).inputs())
    assert found[0]["champions"] == found[1]["champions"] == {DENSE: "theta"}
    assert found[0]["champions_since"] != found[1]["champions_since"]


def test_an_indicator_that_leaves_the_catalogue_is_not_judged_and_back_in_it_is_again(home, tmp_path):
    path, results = home
    whole = tmp_path / "home"
    shutil.copytree(path, whole, symlinks=True)
    entries = CATALOG.read_text(encoding="utf-8").split("[[indicator]]")
    gone = "baotou_industrial_va"
    kept = [entry.replace(f'related = "{gone}"\n', "") for entry in entries if f'id = "{gone}"' not in entry]
    fewer = tmp_path / "fewer.toml"
    fewer.write_text("[[indicator]]".join(kept), encoding="utf-8")
    assert gone in set(table(results[-1], "scorecard")["indicator"])
    day = DAYS[-1] + dt.timedelta(days=1)
    without = run_night(settings(whole, catalog=fewer), as_of=day, clock=lambda: CLOCK)
    assert gone not in set(table(without, "scorecard")["indicator"])
    again = run_night(settings(whole), as_of=day + dt.timedelta(days=1), clock=lambda: CLOCK)
    assert gone in set(table(again, "scorecard")["indicator"])


def test_a_rollback_before_the_night_of_a_day_counts_in_that_night(tmp_path):
    configured = settings(tmp_path)
    today = dt.datetime.now(ZONE).date()
    with Store.open(configured.store) as store:
        before = ((3, "arima"), (1, "auto_ces"))
        reigns = [Reign(DENSE, today - dt.timedelta(days=n), model, "", "by hand") for n, model in before]
        ChampionHistory(store.engine).add(reigns)
    with pytest.raises(InputError, match="arima, its champion before, is no candidate of the preset 'fast'; choose"):
        roll_back(configured, DENSE)
    with Store.open(configured.store) as store:
        assert ChampionHistory(store.engine).before(today)[DENSE][-1].model == "auto_ces"
    roll_back(settings(tmp_path, fit=FitSettings(preset="default")), DENSE)
    with Store.open(configured.store) as store:
        assert ChampionHistory(store.engine).before(today)[DENSE][-1].model == "arima"


def test_a_rollback_is_done_once_although_mlflow_is_away(tmp_path):
    (tmp_path / "cumulus.toml").write_text('tracking_uri = "http://127.0.0.1:9"\n', encoding="utf-8")
    configured = settings(tmp_path)
    today = dt.datetime.now(ZONE).date()
    with Store.open(configured.store) as store:
        before = ((3, "stack"), (2, "auto_ces"))
        reigns = [Reign(DENSE, today - dt.timedelta(days=n), model, "", "by hand") for n, model in before]
        ChampionHistory(store.engine).add(reigns)
    done = cumulus(tmp_path, "rollback", DENSE, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    assert (done.returncode, done.stdout.strip()) == (
        3,
        f"{DENSE}: stack forecasts from the next night on, instead of auto_ces; the next night registers it",
    )
    assert done.stderr.startswith("the alias champion stays where it is until then: tracking store: ")
    with Store.open(configured.store) as store:
        models = [reign.model for reign in ChampionHistory(store.engine).before(today)[DENSE]]
    assert models == ["stack", "auto_ces", "stack"]


def test_there_is_no_way_back_without_another_champion(home):
    path, _ = home
    with pytest.raises(InputError, match="there is nothing to go back to"):
        roll_back(settings(path), DENSE)
    with pytest.raises(InputError, match="has had no champion yet"):
        roll_back(settings(path), "baotou_rare_earth_va")
    with pytest.raises(
        CatalogError, match="no indicator 'cn_industry_va' in the catalogue; did you mean cn_industrial_va"
    ):
        roll_back(settings(path), "cn_industry_va")


def test_a_surprise_and_a_drift_are_said_in_words_with_their_numbers(home):
    _, results = home
    tables = read_release(results[-1].release, only=("scorecard", "drift"))
    card, drift = tables["scorecard"].copy(), tables["drift"].copy()
    last = card.query("indicator == @DENSE and target == 'ytd_yoy' and print == 'first'").index[-1]
    card.loc[last, ["actual", "inside95"]] = [99.5, False]
    drift.loc[0, ["alarm", "mase", "expected_mase", "cusum"]] = ["coverage_and_loss", 2.0, 1.0, 6.5]
    card.loc[last, ["q025", "q975"]] = [18012.34, 22671.5]
    surprise, loss, coverage = warnings_of(card, drift)
    assert surprise.endswith("outside the 95 % band 18010 to 22670 of 2025-11-20"), surprise
    assert surprise.startswith(f"surprise: {DENSE} ytd_yoy of 2025-12 came in at 99.5, outside the 95 % band")
    assert "MASE 2.00 against 1.00 expected (cumulative sum 6.5, limit 4.5)" in loss
    assert "bands of 80 and 95 % held" in coverage


def cumulus(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_cumulus(*arguments, CUMULUS_HOME=str(home), CUMULUS_CATALOG=str(CATALOG), **variables)


def test_the_commands_show_scores_and_alarms_and_refuse_an_empty_rollback(home):
    path, results = home
    shown = cumulus(path, "score", "--as-of", "2026-01-20")
    assert shown.returncode == 0, shown.stderr
    head, *lines = shown.stdout.splitlines()
    assert head.split() == ["figures", "MASE", "no", "change", "seasonal", "in", "80", "%", "in", "95", "%"]
    card = table(results[-1], "scorecard").query("print == 'first' and target == 'ytd_yoy' and step == 1")
    (row,) = [line.split() for line in lines if line.split()[:2] == ["ytd_yoy", "1"]]
    assert row[2:4] == [str(len(card)), f"{card['scaled_error'].mean():.3f}"]
    assert cumulus(path, "score", "--as-of", "2025-09-20").stdout.startswith("no figure has appeared by 2025-09-20")
    assert isinstance(json.loads(cumulus(path, "status", "--json").stdout)["alarms"], list)
    refused = cumulus(path, "rollback", DENSE)
    assert refused.returncode == 1
    assert "nothing to go back to" in refused.stderr


def test_scores_and_rollbacks_of_an_empty_home_are_answered_and_leave_it_empty(tmp_path):
    shown = cumulus(tmp_path, "score")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == "nothing to score yet; cumulus run makes the first forecasts\n"
    refused = cumulus(tmp_path, "rollback", DENSE)
    assert refused.returncode == 1
    assert "has had no champion yet" in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("units", "judged"), [
    (("CNY", "index"), {"first": 101.0, "latest": 101.0}), (("index", "CNY"), {"first": 101.0}),
])  # fmt: skip
def test_a_level_in_another_unit_than_the_catalogue_s_judges_no_forecast(tmp_path, units, judged):
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:
        level = forecasts(100.0, periods=("2025-03",)).assign(indicator=DENSE, target="level", unit="index")
        put(ForecastArchive(store.engine), "n1", "2025-03-20", level)
        for day, unit in zip(("2025-04-16", "2025-05-16"), units, strict=True):
            row = {"indicator": DENSE, "period": "2025-03", "measure": "month_level", "unit": unit, "decimals": 1}
            frame = check_observations(pd.DataFrame([row | {"value": 101.0 if unit == "index" else 900.0}]))
            store.append(frame, ingested_at=moment(day), payload_sha256="0" * 64)
        memory = Memory.recall(store.engine, load_catalog(CATALOG), dt.date(2025, 6, 1), moment("2025-06-01"))
        card = memory.score(store.as_of(moment("2025-06-01")))["scorecard"]
    assert card.set_index("print")["actual"].to_dict() == judged


@pytest.mark.parametrize(("unit", "judged"), [("index", [101.0] * 2), (None, [101.0] * 2), ("", []), ("kt", [])])
def test_a_level_forecast_in_another_unit_than_the_figures_is_not_judged(tmp_path, unit, judged):
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:
        level = forecasts(100.0, periods=("2025-03",)).assign(indicator=DENSE, target="level", unit=unit)
        put(ForecastArchive(store.engine), "n1", "2025-03-20", level)
        row = {"indicator": DENSE, "period": "2025-03", "measure": "month_level", "unit": "index", "value": 101.0}
        store.append(check_observations(pd.DataFrame([row])), ingested_at=moment("2025-04-16"), payload_sha256="0" * 64)
        memory = Memory.recall(store.engine, load_catalog(CATALOG), dt.date(2025, 6, 1), moment("2025-06-01"))
        card = memory.score(store.as_of(moment("2025-06-01")))["scorecard"]
    assert card["actual"].tolist() == judged


def test_levels_that_come_to_an_indicator_of_rates_do_not_judge_forecasts_on_a_base_of_their_own(home, tmp_path):
    path, results = home
    other = tmp_path / "home"
    shutil.copytree(path, other, symlinks=True)
    rows = [
        {"indicator": DENSE, "period": month_label(m), "measure": "month_level", "unit": "index", "value": 5800.0}
        for m in range(month_index("2024-01"), month_index("2026-01"))
    ]
    frame = check_observations(pd.DataFrame(rows).assign(released_at="2026-01-18"))
    with Store.open(settings(other).store) as store:
        store.append(frame, ingested_at=CLOCK, payload_sha256="0" * 64)
        day, until = night_of(CLOCK, DAYS[-1])
        memory = Memory.recall(store.engine, load_catalog(CATALOG), day, until)
        card = memory.score(store.as_of(until))["scorecard"]
    assert "level" in set(table(results[-2], "forecasts")["target"])
    assert set(card.query("indicator == @DENSE")["target"]) == {"ytd_yoy"}


def test_a_day_before_any_figure_has_nothing_to_score(home):
    path, _ = home
    assert cumulus(path, "score", "--as-of", "1999-01-01").stdout.startswith("no figure has appeared by 1999-01-01")
