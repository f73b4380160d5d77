"""A publisher in a process of its own: publishes what `latest` holds under new names until it is killed."""

import itertools
import sys
from pathlib import Path

from forecasting.publishing import TABLES, publish, read_release


def main(root: Path, name: str) -> None:
    found = read_release(root / "latest")
    tables = {key: frame[list(TABLES[key].own)] for key, frame in found.items()}
    for number in itertools.count():
        publish(tables, root=root, run_id=f"{name}-{number}", as_of="2025-04-30", provenance={})
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
