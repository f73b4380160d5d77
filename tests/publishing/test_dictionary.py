import pytest

import forecasting.publishing as publishing
from forecasting.observations import COLUMNS
from forecasting.publishing import SCHEMA_VERSION, TABLES
from forecasting.publishing._dictionary import Column, Table


def test_the_public_face_is_complete_and_sorted() -> None:
    assert publishing.__all__ == sorted(publishing.__all__)
    public = {name for name in vars(publishing) if not name.startswith("_")}
    assert public == set(publishing.__all__)


def test_every_table_is_described() -> None:
    assert list(TABLES) == [
        "indicators", "observations", "monthly", "forecasts", "headlines", "headline_odds", "revisions",
        "leaderboard", "scorecard", "drift", "trajectories", "absorption", "claim_check",
        "balance", "milestones", "sensitivity", "hindcast",
    ]  # fmt: skip
    assert SCHEMA_VERSION == "1.2"


def test_published_observations_have_the_columns_of_the_canonical_frame() -> None:
    assert TABLES["observations"].own == COLUMNS


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_a_table_ends_with_run_state_of_knowledge_and_version(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert names == [*table.own, "run_id", "as_of", "schema_version"]


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_keys_and_foreign_keys_name_columns_that_exist(table: Table) -> None:
    assert set(table.key) <= set(table.own)
    for tie in table.foreign_keys:
        assert set(tie.columns) <= set(table.own)
        assert set(tie.reference) <= set(TABLES[tie.table].own)
        assert len(tie.columns) == len(tie.reference)


@pytest.mark.parametrize(
    "column",
    [column for table in TABLES.values() for column in table.columns],
    ids=[f"{name}.{column.name}" for name, table in TABLES.items() for column in table.columns],
)
def test_a_column_says_in_two_languages_what_it_is_how_it_was_made_and_what_an_empty_cell_means(
    column: Column,
) -> None:
    assert column.title_en
    assert any("\u4e00" <= letter <= "\u9fff" for letter in column.title_zh)
    assert column.made.endswith(".")
    assert column.required == (column.missing is None)
    if column.type == "number" and column.name not in ("mase", "rmsse"):  # these two are pure numbers
        assert column.unit


def test_a_key_column_is_never_empty_but_for_the_basis_of_an_index() -> None:
    empty = [(table.name, column.name) for table in TABLES.values() for column in table.columns
             if column.name in table.key and not column.required]  # fmt: skip
    assert empty == [("trajectories", "basis")]


def test_an_unknown_entry_in_the_dictionary_is_refused() -> None:
    with pytest.raises(ValueError, match="titel_en"):
        Column(name="x", title_en="x", title_zh="x", type="string", made="x", titel_en="x")  # type: ignore[call-arg]
