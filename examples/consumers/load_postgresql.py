"""Load a release into a schema of a PostgreSQL database, for Grafana or whoever asks by SQL.

python load_postgresql.py RELEASE URL [ROLE]

The tables come from the Parquet files, with the titles and units of the dictionary as comments. The schema `cumulus`
is replaced in one transaction: a query sees the release before or this one whole. ROLE may read it. Needs pyarrow and
psycopg.
"""

import sys
from pathlib import Path

import psycopg
from psycopg import sql
from pyarrow import parquet

TYPES = {
    "string": "text",
    "double": "double precision",
    "int64": "bigint",
    "int32": "integer",
    "bool": "boolean",
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamptz",
}


def load_table(cursor: psycopg.Cursor, path: Path) -> None:
    """Make the table of a Parquet file and fill it."""
    table, content = sql.Identifier("cumulus", path.stem), parquet.read_table(path)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(TYPES[str(field.type)])) for field in content.schema
    )
    cursor.execute(sql.SQL("CREATE TABLE {} ({})").format(table, columns))
    for field in content.schema:
        words = {key.decode(): value.decode() for key, value in field.metadata.items()}
        text = f"{words['title_en']} / {words['title_zh']}" + (f" ({words['unit']})" if words["unit"] else "")
        comment = sql.SQL("COMMENT ON COLUMN {}.{} IS {}")
        cursor.execute(comment.format(table, sql.Identifier(field.name), sql.Literal(text)))
    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
        for batch in content.to_batches():
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)


def main(release: Path, url: str, role: str | None = None) -> None:
    """Replace the schema by the tables of the release."""
    files = sorted((release.resolve() / "parquet").glob("*.parquet"))
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS cumulus CASCADE")
        cursor.execute("CREATE SCHEMA cumulus")
        for path in files:
            load_table(cursor, path)
        if role is not None:
            cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA cumulus TO {}").format(sql.Identifier(role)))
            cursor.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA cumulus TO {}").format(sql.Identifier(role)))
    print(f"{len(files)} tables of {release.resolve().name} are in the schema cumulus")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
