import datetime as dt
import filecmp
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pandas as pd
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import event, inspect, text

from forecasting.catalog import load_catalog
from forecasting.errors import InputError, StoreError
from forecasting.projection import HORIZON
from forecasting.publishing import EXPORTS, TABLES, read_release
from forecasting.settings import (
    FitSettings,
    HttpSettings,
    ProjectionSettings,
    PublishingSettings,
    Settings,
    SourceSettings,
)
from forecasting.store import Store, writing
from jobs.backup import back_up, restore
from jobs.ledger import Ledger
from jobs.locks import BusyError, exclusive, sole_worker
from jobs.nightly import _retain, run_night
from jobs.state import read_state
from tests.cluster import cluster
from tests.commands import run_cumulus
from tests.publishing.readers import check_frictionless, check_no_formulas, check_parquet, check_sdmx, check_workbook

CATALOG = Path(__file__).with_name("catalog.toml")
NIGHT = dt.datetime(2026, 1, 20, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def settings(home: Path, **changes) -> Settings:
    small = {
        "fit": FitSettings(preset="fast", origins=4, draws=200, horizon=14, workers=1),
        "projection": ProjectionSettings(draws=128),
        "publishing": PublishingSettings(pictures=False),
    }
    return Settings(**{"home": home, "catalog": CATALOG, **small, **changes})


def night(home: Path, **kwargs):
    return run_night(settings(home), clock=lambda: NIGHT, **kwargs)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home in which one night was done."""
    path = tmp_path_factory.mktemp("home")
    result = night(path)
    return path, result


def test_the_chain_publishes_every_table_and_the_release_reads_back(home):
    path, result = home
    assert result.status == "degraded"  # the trimmed catalogue lacks indicators that the projection asks for
    assert all(message.startswith("projection: ") for message in result.messages)
    tables = read_release(path / "var" / "published" / "latest")
    assert set(tables) == set(TABLES)
    page = (result.release / "index.html").read_text(encoding="utf-8")
    assert [path for path in EXPORTS if f'"{path}"' not in page] == []
    monthly = tables["monthly"]
    assert set(monthly["indicator"]) == {
        "cn_industrial_va", "baotou_industrial_va", "baotou_rare_earth_va", "baotou_hydrogen_storage_va"
    }  # fmt: skip
    assert set(tables["forecasts"]["indicator"]) == set(monthly["indicator"])
    assert set(tables["leaderboard"]["indicator"]) == {"cn_industrial_va"}
    assert len(set(tables["trajectories"]["scenario"])) == 9
    monthly_rows = tables["trajectories"].query("freq == 'M' and variable == 'va_index'")
    assert monthly_rows.groupby("scenario").size().eq(HORIZON).all()
    assert "C19" in set(tables["claim_check"]["claim_id"])
    assert set(tables["hindcast"]["case"]) == {f"H{i}" for i in range(1, 9)}
    assert {name for name, table in tables.items() if table.empty} == {"scorecard", "drift"}  # nothing to score yet
    for table in tables.values():
        assert set(table["run_id"]) <= {result.run_id}
        assert set(table["as_of"].astype(str)) <= {"2026-01-20"}


def test_the_indicators_say_who_forecasts_them_and_how_late_they_are_at_the_end_of_the_night_s_day(home):
    _, result = home
    table = read_release(result.release, only=("indicators",))["indicators"].set_index("indicator")
    assert list(table.index) == list(load_catalog(CATALOG).ids)
    assert table["density"].to_list() == ["dense", "sparse", "sparse", "sparse"]
    national, city = table.loc["cn_industrial_va"], table.loc["baotou_industrial_va"]
    assert (national["last_period"], national["next_period"]) == ("2025-12", "2026-02")
    assert (str(national["next_due"].date()), national["days_late"]) == ("2026-03-16", 0)
    assert (city["related"], city["champion"]) == ("cn_industrial_va", "related:cn_industrial_va")
    assert (city["last_period"], str(city["next_due"].date()), city["days_late"]) == ("2025-11", "2026-01-28", 0)
    rows = read_release(result.release, only=("leaderboard",))["leaderboard"]
    assert set(rows[rows["champion"]]["model"]) == {national["champion"]}


def test_every_file_of_the_night_says_what_its_tables_say(home, tmp_path):
    _, result = home
    check_frictionless(result.release, tmp_path / "copy")
    check_sdmx(result.release)
    check_parquet(result.release)
    check_workbook(result.release)
    check_no_formulas(result.release)


def test_the_december_figure_is_known_on_the_day_after_its_release_and_not_before(home, tmp_path):
    path, _ = home
    known = read_release(path / "var" / "published" / "latest", only=("observations",))["observations"]
    assert known["period"].max() == "2025-12"
    early = night(tmp_path, as_of=dt.date(2026, 1, 10))
    table = read_release(early.release, only=("observations",))["observations"]
    assert table["period"].max() == "2025-11"
    assert (table["released_at"] <= "2026-01-10T16:00:00Z").all()


def test_provenance_names_inputs_libraries_and_the_run_in_mlflow(home):
    path, result = home
    provenance = json.loads((result.release / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["run_id"] == result.run_id
    assert set(provenance["inputs"]) >= {"observations", "catalog", "code", "version", "seed"}
    store = f"sqlite:///{path}/mlruns/mlflow.db"
    assert mlflow.MlflowClient(store, store).get_run(provenance["mlflow_run_id"]).info.status == "FINISHED"


def test_the_champion_forecasts_again_in_another_process(home):
    path, _ = home
    code = (
        "import mlflow, pandas as pd\n"
        "model = mlflow.pyfunc.load_model('models:/cumulus.cn_industrial_va@champion')\n"
        "print(model.predict(pd.DataFrame({'horizon': [3]})).to_csv(index=False))"
    )
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{path}/mlruns/mlflow.db"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    lines = done.stdout.split()
    assert lines[0].startswith("unique_id,ds,model,mean,q025")
    assert [line.split(",")[1] for line in lines[1:]] == ["2026-02-01", "2026-03-01", "2026-04-01"]


def test_the_same_night_again_computes_nothing_and_changes_nothing(home):
    path, first = home
    before = {item: item.stat().st_mtime_ns for item in first.release.rglob("*")}
    again = night(path)
    assert (again.run_id, again.status, again.messages) == (first.run_id, first.status, first.messages)
    assert again.repeated
    assert before == {item: item.stat().st_mtime_ns for item in first.release.rglob("*")}


def test_the_same_night_again_says_what_its_sources_had_this_time(home, tmp_path):
    path, first = home
    shutil.copytree(path, tmp_path / "copy", symlinks=True)
    drop = tmp_path / "copy" / "var" / "drop"
    drop.mkdir(exist_ok=True)
    (drop / "mine.csv").write_text("indicator,period,measure,value,unit\na,2025-13,ytd_yoy,5,percent\n")
    again = night(tmp_path / "copy")
    assert (again.run_id, again.status, again.repeated) == (first.run_id, "degraded", True)
    put_aside = "source file partial: file: 1 rows were put aside; cumulus status shows them"
    assert again.messages == (put_aside, *first.messages)


def test_the_same_night_again_is_put_forward_where_latest_points_elsewhere(home):
    path, first = home
    latest = path / "var" / "published" / "latest"
    latest.unlink()
    latest.symlink_to("releases")
    assert night(path).repeated
    assert latest.resolve() == first.release


def test_a_release_whose_night_ended_before_the_ledger_heard_of_it_is_entered_and_not_made_again(home, tmp_path):
    path, first = home
    shutil.copytree(path, tmp_path / "copy", symlinks=True)
    here = settings(tmp_path / "copy")
    with Store.open(here.store) as store, writing(store.engine) as connection:
        connection.execute(text("UPDATE ledger_runs SET status = 'running', ended_at = NULL"))
    here.drop.mkdir(exist_ok=True)
    (here.drop / "mine.csv").write_text("indicator,period,measure,value,unit\na,2025-13,ytd_yoy,5,percent\n")
    (here.published / "latest").unlink()
    again = night(here.home)
    assert (again.run_id, again.status, again.repeated) == (first.run_id, "degraded", True)
    assert [path.name for path in (here.published / "releases").iterdir()] == [first.run_id]
    assert (here.published / "latest").resolve() == again.release
    runs = read_state(here, NIGHT)["runs"]
    assert [(run["attempt"], run["status"], run["message"]) for run in runs] == [
        (2, first.status, "\n".join(first.messages)), (1, "interrupted", "its process ended before it did"),
    ]  # fmt: skip


def test_a_night_as_of_a_day_to_come_is_refused(home):
    with pytest.raises(InputError, match="2026-01-21 is yet to come; today is 2026-01-20"):
        night(home[0], as_of=dt.date(2026, 1, 21))


def test_another_home_gets_the_same_tables_to_the_byte(home, tmp_path):
    _, first = home
    other = night(tmp_path)
    names = sorted(str(item.relative_to(first.release)) for item in first.release.rglob("*") if item.is_file())
    names.remove("provenance.json")  # which has MLflow's id of the run
    assert other.run_id == first.run_id
    assert filecmp.cmpfiles(first.release, other.release, names, shallow=False)[0] == names


def test_a_catalogue_in_another_order_is_another_night_since_tables_list_it_in_its_order(home, tmp_path):
    path, first = home
    shutil.copytree(path / "var" / "stages", tmp_path / "var" / "stages")
    head, *entries = CATALOG.read_text(encoding="utf-8").split("[[indicator]]")
    turned = tmp_path / "turned.toml"
    turned.write_text("[[indicator]]".join([head, *reversed(entries)]), encoding="utf-8")
    other = run_night(settings(tmp_path, catalog=turned), clock=lambda: NIGHT)
    tables = [read_release(one.release, only=("indicators",))["indicators"] for one in (first, other)]
    assert tables[0]["indicator"].tolist() == tables[1]["indicator"].tolist()[::-1]
    assert other.run_id != first.run_id


def test_a_release_that_was_deleted_is_made_again(home, tmp_path):
    path, first = home
    copy = tmp_path / "copy"
    shutil.copytree(first.release, copy)
    shutil.rmtree(first.release)
    again = night(path)
    assert not again.repeated
    names = sorted(str(item.relative_to(copy)) for item in copy.rglob("*") if item.is_file())
    assert "index.html" in names
    assert filecmp.cmpfiles(copy, again.release, names, shallow=False)[0] == names


def test_the_ledger_tells_what_was_done(home):
    path, first = home
    with Store.open(f"sqlite:///{path}/var/cumulus.db") as store:
        ledger = Ledger(store.engine)
        run = ledger.last(1)[0]
        assert (run.run_id, run.status, run.night) == (first.run_id, "degraded", "2026-01-20")
        steps = [step.name for step in ledger.steps(run.run_id) if step.attempt == run.attempt]
        assert steps == ["derive", "fit", "project", "score", "track", "page", "archive", "publish"]


def test_a_night_before_any_release_fails_with_a_reason_and_publishes_nothing(tmp_path):
    expected = "no figure of the catalogue's 4 indicators had been released by 2005-01-01; the first came out on 20"
    with pytest.raises(InputError, match=expected):
        night(tmp_path, as_of=dt.date(2005, 1, 1))
    assert not (tmp_path / "var" / "published" / "latest").exists()
    health = read_state(settings(tmp_path), NIGHT)["health"]
    assert health["status"] == "failed"
    assert health["message"].startswith("the night 2005-01-01 failed: InputError: observations: no figure")


def test_a_night_whose_raw_archive_cannot_be_written_is_known_to_have_failed(tmp_path):
    raw = tmp_path / "var" / "raw"
    raw.parent.mkdir()
    raw.touch()
    with pytest.raises(StoreError, match="raw archive"):
        night(tmp_path)
    health = read_state(settings(tmp_path), NIGHT)["health"]
    assert (health["status"], "StoreError: raw archive" in health["message"]) == ("failed", True)


def test_a_night_whose_assumptions_are_refused_is_published_without_its_projection(tmp_path):
    packaged = files("forecasting.reference").joinpath("data/assumptions.toml").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(packaged.replace("raw_exports = true", 'raw_exports = "no"'), encoding="utf-8")
    entries = CATALOG.read_text(encoding="utf-8").split("[[indicator]]")
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(
        "[[indicator]]" + next(one for one in entries if 'id = "cn_industrial_va"' in one), encoding="utf-8"
    )
    result = run_night(
        settings(tmp_path, catalog=catalog, projection=ProjectionSettings(draws=128, assumptions=file)),
        clock=lambda: NIGHT,
    )
    assert result.status == "degraded"
    assert [line for line in result.messages if line.startswith("projection failed")] == [
        f"projection failed: AssumptionError: {file}: raw_exports: 'no'; expected true or false, without quotes"
    ]
    tables = read_release(result.release, only=("trajectories", "headlines"))
    assert tables["trajectories"].empty
    assert len(tables["headlines"]) > 0


def test_the_page_calls_scenarios_and_uses_as_ones_own_assumptions_do(tmp_path):
    lithium = (Path(__file__).parents[2] / "docs" / "examples" / "lithium.toml").read_text(encoding="utf-8")
    file, catalog = tmp_path / "mine.toml", tmp_path / "catalog.toml"
    file.write_text(lithium.replace("scenarios.sodium", "scenarios.full_ban"), encoding="utf-8")
    entries = CATALOG.read_text(encoding="utf-8").split("[[indicator]]")
    catalog.write_text(
        "[[indicator]]" + next(one for one in entries if 'id = "cn_industrial_va"' in one), encoding="utf-8"
    )
    mine = settings(tmp_path, catalog=catalog, projection=ProjectionSettings(draws=64, assumptions=file))
    page = (run_night(mine, clock=lambda: NIGHT).release / "index.html").read_text(encoding="utf-8")
    title = "Cells without lithium take half of the storage market"
    assert f'"name.full_ban":["{title}","{title}"]' in page


def test_a_night_of_a_lone_indicator_of_a_few_figures_is_published(tmp_path):
    entries = CATALOG.read_text(encoding="utf-8").split("[[indicator]]")
    lone = next(entry for entry in entries if 'id = "baotou_rare_earth_va"' in entry)
    file = tmp_path / "lone.toml"
    file.write_text("[[indicator]]" + lone.replace('related = "baotou_industrial_va"\n', ""), encoding="utf-8")
    result = run_night(settings(tmp_path, catalog=file), clock=lambda: NIGHT)
    tables = read_release(result.release, only=("indicators", "headlines", "leaderboard"))
    assert tables["indicators"]["champion"].tolist() == ["related:none"]
    assert len(tables["headlines"]) > 0
    assert tables["leaderboard"].empty
    assert (result.release / "index.html").exists()


def test_the_next_night_tells_news_from_revisions_and_what_they_did_to_the_forecast(home, tmp_path):
    path, first = home
    copy = tmp_path / "home"
    shutil.copytree(path, copy, symlinks=True)
    drop = copy / "var" / "drop"
    drop.mkdir()
    (drop / "own.csv").write_text(
        "indicator,period,measure,value,unit\ncn_industrial_va,2026-02,ytd_yoy,7.7,percent\n"
        "cn_industrial_va,2025-12,ytd_yoy,5.8,percent\n", encoding="utf-8",
    )  # fmt: skip
    releases = copy / "var" / "published" / "releases"
    for name in ("2025-01-01-old", "2025-01-02-old"):
        (releases / name).mkdir()
        (releases / name / "provenance.json").write_text(json.dumps({"as_of": name[:10]}), encoding="utf-8")
    rule = PublishingSettings(keep=2, keep_months=0)
    later = run_night(settings(copy, publishing=rule), clock=lambda: NIGHT + dt.timedelta(days=60))
    assert {path.name for path in releases.iterdir()} == {first.run_id, later.run_id}
    report = read_release(later.release, only=("revisions",))["revisions"].set_index("period")
    assert report["kind"].to_dict() == {"2025-12": "revision", "2026-02": "news"}
    assert report["value_before"]["2025-12"] == 5.9
    assert report["expected"]["2026-02"] == pytest.approx(report["value"]["2026-02"] - report["surprise"]["2026-02"])
    assert set(report["outlook_period"]) == {"2026-12"}
    assert report["effect"].abs().gt(0).all()
    assert json.loads((later.release / "provenance.json").read_bytes())["inputs"]["compared_with"] == first.run_id
    real_time = [
        read_release(one.release, only=("leaderboard",))["leaderboard"]["n_real_time"] for one in (first, later)
    ]
    assert [set(column) for column in real_time] == [{0}, {1}]  # December was in the store when February came


def test_a_closed_source_leaves_the_night_with_what_the_store_has(tmp_path):
    closed = SourceSettings(nbs_url="http://127.0.0.1:9/external", http=HttpSettings(attempts=1))
    text = CATALOG.read_text(encoding="utf-8").replace(
        'series = "cn_industrial_va" }',
        'series = "cn_industrial_va", nbs = [{ cid = "x", indicator = "y", measure = "ytd_yoy" }] }',
    )
    (tmp_path / "live.toml").write_text(text, encoding="utf-8")
    result = run_night(
        settings(tmp_path, sources=closed, catalog=tmp_path / "live.toml"), sources=["nbs"], clock=lambda: NIGHT
    )
    assert result.status == "degraded"
    assert result.messages[0].startswith(
        "source nbs failed: nbs: POST http://127.0.0.1:9/external/stream/esData: cannot"
    )
    assert read_release(result.release, only=("observations",))["observations"]["period"].max() == "2025-12"


def test_a_second_run_in_the_same_home_is_refused_while_one_is_at_work(tmp_path):
    with exclusive(tmp_path / "var" / "run.lock"), pytest.raises(BusyError):
        night(tmp_path)


def test_a_night_without_its_tracking_store_is_published_and_made_anew_on_demand(tmp_path):
    blocked = tmp_path / "mlruns"
    blocked.write_text("not a folder", encoding="utf-8")
    result = night(tmp_path)
    assert result.status == "degraded"
    assert any(message.startswith("tracking failed: TrackingError") for message in result.messages)
    assert set(read_release(result.release)) == set(TABLES)
    blocked.unlink()
    assert night(tmp_path).repeated
    again = night(tmp_path, force=True)
    assert again.run_id == f"{result.run_id}-2"
    assert not any(message.startswith("tracking") for message in again.messages)
    assert (tmp_path / "var" / "published" / "latest").resolve() == again.release
    assert night(tmp_path).run_id == again.run_id


@pytest.mark.slow
def test_a_night_on_a_cluster_gives_the_same_tables(home, tmp_path):
    _, first = home
    (tmp_path / "dask").mkdir()
    with cluster(2, tmp_path / "dask") as running:
        result = run_night(settings(tmp_path / "home", executor=running.address), clock=lambda: NIGHT)
    names = [f"{name}.csv" for name in TABLES]
    assert result.run_id == first.run_id
    assert filecmp.cmpfiles(first.release, result.release, names, shallow=False)[0] == names


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory, postgres_server):
    """Settings under which one night was done with store, ledger and MLflow in one PostgreSQL database."""
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE night")
        url = SecretStr(postgres_server.get_uri(database="night"))
        changed = settings(tmp_path_factory.mktemp("postgresql"), store_url=url, tracking_uri=url)
        yield changed, run_night(changed, clock=lambda: NIGHT)
        connection.execute("DROP DATABASE night WITH (FORCE)")
        connection.execute("DROP DATABASE IF EXISTS night_restored WITH (FORCE)")


def test_a_night_with_store_ledger_and_mlflow_in_one_postgresql_database_gives_the_same_tables(home, on_postgresql):
    _, first = home
    changed, result = on_postgresql
    names = [f"{name}.csv" for name in TABLES]
    assert filecmp.cmpfiles(first.release, result.release, names, shallow=False)[0] == names
    assert result.messages == first.messages
    with Store.open(changed.store) as store:
        assert Ledger(store.engine).last(1)[0].status == "degraded"
        tables = set(inspect(store.engine).get_table_names())
    assert {"store_revision", "alembic_version", "ledger_runs", "runs"} <= tables
    tracked = json.loads((result.release / "provenance.json").read_bytes())["mlflow_run_id"]
    with psycopg.connect(changed.tracking) as connection:
        rows = connection.execute("SELECT status FROM runs WHERE run_uuid = %s", [tracked])
        assert rows.fetchall() == [("FINISHED",)]


def test_a_dump_of_postgresql_and_an_archive_of_the_home_bring_an_installation_back(
    on_postgresql, postgres_server, tmp_path
):
    changed, first = on_postgresql
    assert any("lies on a server; dump it too" in line for line in back_up(changed, tmp_path / "home.tar.gz"))
    page = (Path(__file__).parent.parent.parent / "docs" / "storage.md").read_text(encoding="utf-8")
    commands = re.findall(r'^    ((?:pg_dump|createdb|pg_restore) .*"\$.*)$', page, flags=re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["pg_dump", "createdb", "pg_restore"]
    server = conninfo_to_dict(postgres_server.get_uri())
    environment = {
        **os.environ,
        "PATH": f"{postgres_server.bin_path}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": server["host"],
        "PGUSER": server["user"],
        "OLD": "night",
        "NEW": "night_restored",
    }
    for command in commands:
        subprocess.run(command, shell=True, env=environment, check=True, cwd=tmp_path)  # noqa: S602
    url = SecretStr(postgres_server.get_uri(database="night_restored"))
    back = settings(tmp_path / "back", store_url=url, tracking_uri=url)
    said = restore(back, tmp_path / "home.tar.gz")
    assert any("the store; where there was one, restore it by itself" in line for line in said)
    again = run_night(back, clock=lambda: NIGHT)
    assert (again.run_id, again.repeated) == (first.run_id, True)


def test_a_night_waits_for_a_database_that_goes_away_while_it_reads_what_it_rests_on(postgres_server, tmp_path):
    moments = [
        *[("INSERT INTO pulls", 3)],  # the last source has been asked
        *[("FROM forecast_archive", 1), ("row_number()", 1), ("HAVING count", 1), ("FROM ledger_runs", 1)],
        *[("INSERT INTO ledger_runs", 1)],
    ]
    url = SecretStr(postgres_server.get_uri(database="away"))
    changed = settings(tmp_path, store_url=url)
    changed.drop.mkdir(parents=True)
    (changed.drop / "own.csv").write_text("indicator,period,measure,value,unit\ncn_industrial_va,2025-13,x,1,percent\n")
    left = list(moments)

    def seen(connection, cursor, statement, *_):
        if not left or left[0][0] not in statement:
            return
        what, times = left.pop(0)
        if times > 1:
            left.insert(0, (what, times - 1))
            return
        admin.execute("ALTER DATABASE away ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'")
        threading.Timer(0.5, admin.execute, ["ALTER DATABASE away ALLOW_CONNECTIONS true"]).start()

    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE away")
        try:
            with sole_worker(changed) as held:
                event.listen(held[0].engine, "before_cursor_execute", seen)
                result = run_night(changed, clock=lambda: NIGHT, held=held)
        finally:
            admin.execute("DROP DATABASE away WITH (FORCE)")
    assert left == []
    assert result.status == "degraded"
    assert [line for line in result.messages if not line.startswith("projection: ")] == [
        "source file partial: file: 1 rows were put aside; cumulus status shows them"
    ]


def test_an_installation_is_brought_back_from_its_backup_in_another_place(home, tmp_path):
    path, first = home
    back_up(settings(path), tmp_path / "cumulus.tar.gz")
    back = settings(tmp_path / "back")
    restore(back, tmp_path / "cumulus.tar.gz")
    again = run_night(back, clock=lambda: NIGHT)
    assert (again.run_id, again.repeated) == (first.run_id, True)
    names = sorted(str(item.relative_to(first.release)) for item in first.release.rglob("*") if item.is_file())
    assert filecmp.cmpfiles(first.release, back.published / "latest", names, shallow=False)[0] == names
    with Store.open(settings(path).store) as one, Store.open(back.store) as other:
        pd.testing.assert_frame_equal(one.vintages(), other.vintages())
    moved = mlflow.MlflowClient(back.tracking, back.tracking)
    places = [one.artifact_location for one in moved.search_experiments() if one.name.startswith("cumulus")]
    assert places
    assert all(place.startswith(f"{back.artifacts.resolve().as_uri()}/") for place in places)
    version = moved.get_model_version_by_alias("cumulus.cn_industrial_va", "champion")
    assert str(tmp_path / "back") in moved.get_model_version_download_uri(version.name, version.version)


def test_a_release_made_with_databases_that_are_lost_stays_and_the_same_night_has_one_of_its_own(home, tmp_path):
    path, first = home
    for name in ("published", "stages"):
        shutil.copytree(path / "var" / name, tmp_path / "var" / name, symlinks=True)
    again = night(tmp_path)
    assert (again.run_id, again.repeated) == (f"{first.run_id}-2", False)
    releases = tmp_path / "var" / "published" / "releases"
    assert (releases.parent / "latest").resolve() == releases / again.run_id
    names = [f"{name}.csv" for name in TABLES] + ["provenance.json"]
    assert filecmp.cmpfiles(first.release, releases / first.run_id, names, shallow=False)[0] == names
    assert night(tmp_path).repeated


def cumulus(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    small = {"CUMULUS_FIT__ORIGINS": "4", "CUMULUS_FIT__DRAWS": "200", "CUMULUS_FIT__HORIZON": "14",
             "CUMULUS_FIT__WORKERS": "1", "CUMULUS_FIT__PRESET": "fast",
             "CUMULUS_PROJECTION__DRAWS": "128"}  # fmt: skip
    return run_cumulus(*arguments, **small, CUMULUS_HOME=str(home), CUMULUS_CATALOG=str(CATALOG))


def started(home: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    environment = {**os.environ, **settings, "CUMULUS_HOME": str(home), "CUMULUS_CATALOG": str(CATALOG)}
    command = [sys.executable, "-c", "from jobs.cli import main; main()", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_the_command_says_what_it_did_and_exits_3_when_degraded(tmp_path):
    done = cumulus(tmp_path, "run", "--as-of", "2026-01-20", "--output", str(tmp_path / "elsewhere"))
    assert done.returncode == 3, done.stderr
    assert "degraded" in done.stdout
    assert re.search(r"cn_industrial_va +2026-02 .* latest +5\.9 ", done.stdout)
    assert "C19 0.15 to 0.25:" in done.stdout
    latest = tmp_path / "elsewhere" / "latest"
    assert (latest / "monthly.csv").exists()
    assert "Industrial value added, Baotou" in (latest / "index.html").read_text(encoding="utf-8")
    pictures = {path.name for path in (latest / "pictures").iterdir()}
    assert {"headlines.png", "indicator_baotou_rare_earth_va.svg", "capacity.png", "claims.svg"} <= pictures
    run = json.loads((latest / "provenance.json").read_text(encoding="utf-8"))["mlflow_run_id"]
    assert {path.name for path in (tmp_path / "mlruns").glob(f"**/{run}/artifacts/pictures/*")} == pictures
    assert "fit: 1 of 1" in done.stderr
    state = json.loads(cumulus(tmp_path, "status", "--json").stdout)
    assert state["runs"][0]["status"] == "degraded"
    assert state["runs"][0]["steps"][0]["name"] == "derive"
    assert state["indicators"][0]["last_period"] == "2025-12"
    assert "cn_industrial_va" in cumulus(tmp_path, "status").stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_night_by_hand_that_is_told_to_stop_does_and_the_ledger_hears_of_it(tmp_path, number):
    with started(tmp_path, "run", "--as-of", "2026-01-20") as process:
        while not json.loads(cumulus(tmp_path, "status", "--json").stdout)["runs"]:
            assert process.poll() is None
        process.send_signal(number)
        assert process.communicate(timeout=60)[1].endswith(f"stopped by {number.name}\n")
    assert process.returncode == 128 + number
    (run,) = json.loads(cumulus(tmp_path, "status", "--json").stdout)["runs"]
    assert run["status"] == "interrupted"
    assert f"stopped by {number.name}" in run["message"]


def test_single_steps_log_as_the_settings_say_and_refuse_what_they_would_not_use(tmp_path):
    (tmp_path / "cumulus.toml").write_text('[logging]\nformat = "json"\n', encoding="utf-8")
    assert cumulus(tmp_path, "pull").returncode == 0
    done = cumulus(tmp_path, "derive", "--as-of", "2026-01-20")
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["level"] for line in done.stderr.splitlines()} == {"INFO"}
    for option, step in (("--source", "nbs"), ("--output", str(tmp_path / "elsewhere"))):
        refused = cumulus(tmp_path, "run", "--only", "derive", option, step)
        assert refused.returncode == 2
        assert f"{option} is" in refused.stderr
    file = str(tmp_path / "cumulus.toml")
    for command in ("run", "publish"):
        refused = cumulus(tmp_path, command, "--output", file)
        assert refused.returncode == 2
        assert "is a file" in refused.stderr


def test_old_releases_stay_where_the_ledger_cannot_say_which_are_needed(tmp_path, caplog):
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:
        with writing(store.engine) as connection:
            connection.execute(text("DROP TABLE ledger_steps"))
            connection.execute(text("DROP TABLE ledger_runs"))
        done = SimpleNamespace(
            day=NIGHT.date(), root=tmp_path, settings=settings(tmp_path), ledger=Ledger(store.engine)
        )
        _retain(done)
    assert "no such table: ledger_runs" in caplog.text


def test_a_home_that_cannot_be_written_is_a_message_and_no_traceback(tmp_path):
    (tmp_path / "var" / "run.lock").mkdir(parents=True)
    done = cumulus(tmp_path, "pull")
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}/var/run.lock: Is a directory; cumulus doctor says what an installation lacks\n"


def test_status_of_an_empty_home_is_not_an_error(tmp_path):
    done = cumulus(tmp_path, "status")
    assert done.returncode == 0
    assert "none yet" in done.stdout
    assert not (tmp_path / "var").exists()


def test_the_review_says_so_where_its_port_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = cumulus(tmp_path, "ui", "--port", str(port))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another --port or --host" in done.stderr


@pytest.mark.parametrize("arguments", [["status"], ["run"]])
def test_a_home_whose_path_is_not_utf_8_is_a_message_and_no_traceback(tmp_path, arguments):
    home = tmp_path / os.fsdecode(b"caf\xe9")
    home.mkdir()
    done = cumulus(home, *arguments)
    assert done.returncode == 1
    assert "caf\\udce9/cumulus.toml" in done.stderr
    assert "home: Value error, the path has bytes that are not UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(home.iterdir())


def test_releases_under_a_path_that_is_not_utf_8_are_refused_before_the_night_begins(tmp_path):
    done = cumulus(tmp_path, "run", "--output", str(tmp_path / os.fsdecode(b"caf\xe9")))
    assert done.returncode == 1
    assert "caf\\udce9: the path has bytes that are not UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_wrong_setting_ends_in_a_message_and_exit_1(tmp_path):
    (tmp_path / "cumulus.toml").write_text("sed = 1\n", encoding="utf-8")
    done = cumulus(tmp_path, "run")
    assert done.returncode == 1
    assert "sed: unknown key; did you mean seed?" in done.stderr
    assert "Traceback" not in done.stderr
