"""Rate and memory of importing a million-row CSV and a workbook of 50 MB, each in a process of its own.

python benchmarks/large_files.py
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpyxl

HEADER = ["indicator", "period", "measure", "value", "unit", "note"]
MEASURES = {"ytd_yoy": "percent", "month_yoy": "percent", "ytd_level": "t", "month_level": "t"}
CHILD = """
import resource, sys
from jobs.cli import main
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"used {used.ru_utime + used.ru_stime} {used.ru_maxrss // 1024}", file=sys.stderr)
"""


def figures(count: int, note: str):
    """Rows of figures that hold together: every series grows evenly."""
    number = 0
    for series in range(count):
        for year in range(2000, 2025):
            for month in range(1, 13):
                for measure, unit in MEASURES.items():
                    if number == count:
                        return
                    number += 1
                    value = {"ytd_yoy": 5.0, "month_yoy": 5.0, "ytd_level": 100.0 * month, "month_level": 100.0}[
                        measure
                    ]
                    yield [
                        f"series_{series}",
                        f"{year}-{month:02d}",
                        measure,
                        round(value + year % 7 * 0.1, 1),
                        unit,
                        note,
                    ]


def csv_file(path: Path, rows: int) -> None:
    """A CSV file of so many rows."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(HEADER) + "\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in figures(rows, ""))


def workbook(path: Path, rows: int, size: int) -> None:
    """A workbook of so many rows whose notes bring it to a size in bytes."""
    random.seed(1)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEADER)
    for row in figures(rows, ""):
        row[5] = random.randbytes(size // rows).hex()[: int(1.7 * size / rows)]  # noqa: S311
        sheet.append(row)
    book.save(path)


def measure(path: Path) -> None:
    """Import a file into an empty home and print what it took."""
    with tempfile.TemporaryDirectory() as home:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", CHILD, "import", str(path)],
            capture_output=True, text=True, check=True, env={**os.environ, "CUMULUS_HOME": home},
        )  # fmt: skip
        seconds = time.monotonic() - started
    rows = int(done.stdout.split()[2])
    _, busy, peak = next(line for line in done.stderr.splitlines() if line.startswith("used ")).split()
    print(
        f"{path.name}: {path.stat().st_size >> 20} MB, {rows} figures in {seconds:.0f} s, of which {float(busy):.0f} s "
        f"of one core ({rows / float(busy):.0f} figures a second); peak memory {peak} MB"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        csv_file(Path(folder) / "million.csv", 1_000_000)
        measure(Path(folder) / "million.csv")
        workbook(Path(folder) / "large.xlsx", 400_000, 50 << 20)
        measure(Path(folder) / "large.xlsx")
