"""What bad input gets: a message with line numbers, exit code 1, and no file."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HEADER = "indicator,period,measure,value,unit\n"
GOOD = "a,2025-02,ytd_yoy,7.0,percent\n"
CASES = {
    "a missing column": ("indicator,period,measure,unit\na,2025-02,ytd_yoy,percent\n", "value missing"),
    "a non-number": (HEADER + GOOD + "a,2025-03,ytd_yoy,n/a,percent\n", "line 3"),
    "a duplicate": (HEADER + GOOD + "b,2025-02,ytd_yoy,1.0,percent\n" + GOOD, "line 4"),
    "an unknown measure": (HEADER + "a,2025-02,ytd_growth,7.0,percent\n", "line 2"),
    "an empty file": ("", "empty"),
    "a period like 2025-13": (HEADER + GOOD + "a,2025-13,ytd_yoy,6.0,percent\n", "line 3"),
}


def main() -> None:
    """Give each to the command and print what comes back."""
    command = str(Path(sys.executable).with_name("cumulus"))
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, expected) in CASES.items():
            source, target = Path(folder) / "in.csv", Path(folder) / "out.csv"
            source.write_text(text, encoding="utf-8")
            done = subprocess.run(
                [command, "decumulate", str(source), "-o", str(target)], capture_output=True, text=True, check=False
            )
            message = done.stderr.strip().replace(f"{folder}/", "")
            ok = done.returncode == 1 and expected in message and [p.name for p in Path(folder).iterdir()] == ["in.csv"]
            failed |= not ok
            print(f"{name}: exit {done.returncode}, nothing written: {not target.exists()}\n    {message}")
    if failed:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()
