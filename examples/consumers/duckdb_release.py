"""Ask a release the questions of release.sql, with DuckDB.

python duckdb_release.py [RELEASE]    by default var/published/latest; needs the package duckdb
"""

import sys
from pathlib import Path

import duckdb

QUESTIONS = Path(__file__).with_name("release.sql")


def main(release: Path) -> None:
    """Print the answers, ten rows of each."""
    folder = release.resolve()  # once: every file from one release, whatever `latest` does meanwhile
    connection = duckdb.connect()
    connection.execute("SET file_search_path = ?", [str(folder)])
    for question in connection.extract_statements(QUESTIONS.read_text(encoding="utf-8")):
        answer = connection.execute(question)
        print("\t".join(column[0] for column in answer.description))
        rows = answer.fetchall()
        for row in rows[:10]:
            print("\t".join("" if cell is None else str(cell) for cell in row))
        print(f"({len(rows)} rows)\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/published/latest"))
