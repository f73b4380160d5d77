"""A reader in a process of its own: polls `latest` until the file `stop` appears, then prints what it saw."""

import json
import sys
from pathlib import Path

from forecasting.publishing import TABLES, read_release


def main(root: Path) -> None:
    seen, reads, last = [], 0, False
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not last:
        last = (root / "stop").exists()
        tables = read_release(root / "latest")
        assert set(tables) == set(TABLES), f"tables missing: {set(TABLES) - set(tables)}"
        runs = {run for table in tables.values() for run in table["run_id"]}
        moved = {tables["observations"]["value"].iloc[0] - 9.0, tables["forecasts"]["q05"].iloc[0]}
        assert len(runs) == 1, f"a mixed release: {runs}"
        assert len(moved) == 1, f"numbers of different releases under one name: {moved}"
        reads += 1
        if not seen or seen[-1] not in runs:
            seen += runs
    sys.stdout.write(json.dumps({"reads": reads, "seen": seen}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
