"""A reader in a process of its own: polls `latest` until the file `stop` appears, then prints what it saw."""

import hashlib
import json
import sys
from pathlib import Path

from forecasting.publishing._render import parse_csv


def read(root: Path) -> str:
    """Name of the release that `latest` shows, once every file of it has been checked."""
    folder = (root / "latest").resolve()
    package = json.loads((folder / "datapackage.json").read_bytes())
    listed = [*package["resources"], *package["files"]]
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {"datapackage.json", "provenance.json", *(item["path"] for item in listed)}
    runs = {package["id"], folder.name, json.loads((folder / "provenance.json").read_bytes())["run_id"]}
    for item in listed:
        data = (folder / item["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == item["hash"].removeprefix("sha256:"), f"partial: {item['path']}"
        if "schema" in item:
            runs |= set(parse_csv(data)["run_id"])
    assert len(runs) == 1, f"a mixed release: {runs}"
    return runs.pop()


def main(root: Path) -> None:
    seen, reads, last = [], 0, False
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not last:
        last = (root / "stop").exists()
        run = read(root)
        reads += 1
        if not seen or seen[-1] != run:
            seen.append(run)
    sys.stdout.write(json.dumps({"reads": reads, "seen": seen}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
