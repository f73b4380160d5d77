"""The examples of consumers, run on a small release."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import duckdb
import psycopg
import pytest
import yaml

from forecasting.publishing import TABLES, publish
from tests.publishing.conftest import small_tables

CONSUMERS = Path(__file__).parent.parent / "examples" / "consumers"
DASHBOARD = json.loads((CONSUMERS / "grafana" / "dashboards" / "cumulus.json").read_text(encoding="utf-8"))
VARIABLES = {"indicator": "baotou_va", "scenario": "baseline_mixture"}


@pytest.fixture(scope="module")
def latest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("published")
    publish(small_tables(), root=root, run_id="n1", as_of="2025-04-30", provenance={})
    return root / "latest"


def test_duckdb_answers_every_question_from_csv_and_parquet(latest):
    connection = duckdb.connect()
    connection.execute("SET file_search_path = ?", [str(latest.resolve())])
    questions = connection.extract_statements((CONSUMERS / "release.sql").read_text(encoding="utf-8"))
    answers = [connection.execute(question).fetchall() for question in questions]
    board, months, series, late, milestones, different = answers
    assert [row[0] for row in board] == ["Value added, Baotou"]
    assert [(row[0], row[1], row[2]) for row in months] == [
        ("baotou_va", "2025-03", 2.0),
        ("national_va", "2025-03", 2.0),
    ]
    assert [row[5] for row in series] == ["W", "E", "F", "W", "A"]
    assert [(row[0], row[4]) for row in late] == [("national_va", 14)]
    assert milestones[0][4] == 0.1
    assert different == []


def test_the_duckdb_script_prints_the_answers(latest):
    command = [sys.executable, CONSUMERS / "duckdb_release.py", latest]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Value added, Baotou\t2025-04\t2025-05-28\t9.0\t0.3" in said


def test_pandas_reads_the_tables_typed_by_the_dictionary_and_lays_them_side_by_side(latest, capsys):
    script = runpy.run_path(str(CONSUMERS / "pandas_release.py"))
    for name, table in TABLES.items():
        frame = script["read_table"](latest, name)
        assert list(frame) == [column.name for column in table.columns]
    assert str(script["read_table"](latest, "observations")["released_at"].dtype) == "datetime64[ns, UTC]"
    script["main"](latest)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["indicator", "baotou_va", "national_va"], ["month"],
        ["2025-02", "1.0", "1.0"], ["2025-03", "2.0", "2.0"], ["2025-04", "0.3", "NaN"],
    ]  # fmt: skip


@pytest.fixture
def loaded(latest, postgres_url) -> psycopg.Connection:
    """A database with the release in it, seen with a reader's rights."""
    script = runpy.run_path(str(CONSUMERS / "load_postgresql.py"))
    with psycopg.connect(postgres_url) as connection:
        connection.execute("DROP ROLE IF EXISTS grafana_reader")
        connection.execute("CREATE ROLE grafana_reader")
    for _ in range(2):  # the second time replaces what the first one made
        script["main"](latest, postgres_url, "grafana_reader")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SET ROLE grafana_reader")
        yield connection
        connection.rollback()
        connection.execute("RESET ROLE")
        connection.execute("DROP OWNED BY grafana_reader; DROP ROLE grafana_reader")


def expanded(query: str) -> str:
    """A query as Grafana sends it: macros and variables put in."""
    for name, value in VARIABLES.items():
        query = query.replace(f"${{{name}:sqlstring}}", f"'{value}'")
    span = r"\1 BETWEEN '2015-01-01T00:00:00Z' AND '2045-01-01T00:00:00Z'"
    query = re.sub(r"\$__timeFilter\(((?:[^()]|\([^()]*\))*)\)", span, query)
    assert "$" not in query
    return query


def test_every_query_of_the_grafana_dashboard_runs_on_postgresql_and_answers(loaded):
    targets = [(panel, target) for panel in DASHBOARD["panels"] for target in panel["targets"]]
    assert len(targets) == 5
    for panel, target in targets:
        cursor = loaded.execute(expanded(target["rawSql"]))
        names = [column.name for column in cursor.description]
        assert cursor.fetchall(), panel["title"]
        if target["format"] == "time_series":
            assert names[0] == "time"
            assert cursor.description[0].type_code == psycopg.adapters.types["timestamptz"].oid
    for variable in DASHBOARD["templating"]["list"]:
        values = [row[-1] for row in loaded.execute(variable["query"])]
        assert VARIABLES[variable["name"]] in values


def test_the_database_has_every_row_and_the_words_of_the_dictionary(loaded):
    for name, table in small_tables().items():
        assert loaded.execute(f'SELECT count(*) FROM cumulus."{name}"').fetchone() == (len(table),)  # noqa: S608
    comment = "SELECT col_description('cumulus.monthly'::regclass, 5)"
    assert loaded.execute(comment).fetchone() == ("Growth on the year before / 同比增速 (percent)",)
    note = "SELECT note FROM cumulus.observations WHERE note IS NOT NULL ORDER BY note"
    assert next(row[0] for row in loaded.execute(note)) == "=1+1"  # as it was, without the apostrophe of the CSV


def test_grafana_is_provisioned_with_the_data_source_that_its_panels_name():
    folder = CONSUMERS / "grafana" / "provisioning"
    source = yaml.safe_load((folder / "datasources" / "cumulus.yaml").read_text(encoding="utf-8"))["datasources"][0]
    provider = yaml.safe_load((folder / "dashboards" / "cumulus.yaml").read_text(encoding="utf-8"))["providers"][0]
    named = [panel["datasource"] for panel in DASHBOARD["panels"]]
    named += [target["datasource"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    named += [variable["datasource"] for variable in DASHBOARD["templating"]["list"]]
    assert {(one["type"], one["uid"]) for one in named} == {(source["type"], source["uid"])}
    readme = (CONSUMERS / "README.md").read_text(encoding="utf-8")
    texts = [
        *source.values(),
        *source["jsonData"].values(),
        *source["secureJsonData"].values(),
        *provider["options"].values(),
    ]
    used = {name for text in texts if isinstance(text, str) for name in re.findall(r"\$\{(\w+)\}", text)}
    assert used == set(re.findall(r"(CUMULUS_\w+)=", readme))
