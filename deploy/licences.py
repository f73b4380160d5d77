"""The licences of what an installation needs, as a table; fails where one forbids passing it on with Cumulus.

    python deploy/licences.py > docs/licences.csv

Lists what `cumulus-forecasting[postgresql]` asks for, directly or not, in the environment that this runs in, by what
pip-licenses reads from it. Cumulus is under Apache-2.0 and contains none of it; what matters is whether all of it may
be distributed together, as a container image does.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("postgresql",)
# an image as a whole could then only be passed on under the terms of the GPL
STRONG = re.compile(r"(?<![A-Za-z])A?GPL|GNU (Affero )?General Public|SSPL|Commons Clause|BUSL|Business Source")
# fine as a separate, unchanged library with its licence beside it
WEAK = re.compile(r"LGPL|GNU Lesser|MPL|Mozilla|EPL|Eclipse")
MIT, MIT_TEXT = "MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"
KNOWN = re.compile(
    r"Apache|BSD|MIT|ISC|PSF|Python Software|HPND|Unlicense|Public Domain|CC0|Zlib|Boost|Historical|ZPL|Zope",
    re.IGNORECASE,
)
SHOW = ("--format=json", "--from=all", "--with-system", "--with-license-file")


def needed(name: str = "cumulus-forecasting", extras: tuple[str, ...] = EXTRAS) -> set[str]:
    """Canonical names of all that a distribution asks for in this environment, directly or not."""
    found: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(name), extra) for extra in ("", *extras)]
    while waiting:
        item = waiting.pop()
        if item in found:
            continue
        found.add(item)
        try:
            texts = metadata.requires(item[0]) or []
        except metadata.PackageNotFoundError:
            raise SystemExit(f"{item[0]} is needed and not installed; make audit sets up all of it") from None
        for one in map(Requirement, texts):
            if one.marker is None or one.marker.evaluate({"extra": item[1]}):
                waiting += [(canonicalize_name(one.name), extra) for extra in ("", *one.extras)]
    return {one for one, _ in found} - {canonicalize_name(name)}


def licence_rows(names: set[str]) -> list[dict[str, str]]:
    """Name, version and licence of distributions, by name."""
    command = [
        sys.executable,
        "-m",
        "piplicenses",
        "--format=json",
        "--from=all",
        "--with-system",
        "--with-license-file",
    ]
    listed = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    rows = []
    for one in listed:
        if canonicalize_name(one["Name"]) not in names:
            continue
        said = [one[key] for key in ("License-Expression", "License-Classifier", "License-Metadata")]
        said += [MIT] if MIT_TEXT in " ".join(one["LicenseText"].split()) else []  # some say it in that file alone
        licence = next((text for text in said if text and text != "UNKNOWN"), "UNKNOWN")
        rows.append({"name": one["Name"], "version": one["Version"], "licence": " ".join(licence.split())[:80]})
    return sorted(rows, key=lambda row: row["name"].lower())


def judged(licence: str) -> str:
    """permissive, weak (copyleft of the library alone), strong or unknown."""
    choices = re.split(r"\bOR\b|;|\|", licence)
    kinds = {
        "strong" if STRONG.search(part) and not WEAK.search(part)
        else "weak" if WEAK.search(part)
        else "permissive" if KNOWN.search(part)
        else "unknown"
        for part in choices
    }  # fmt: skip
    # whoever is offered a choice takes the freest
    return next(kind for kind in ("permissive", "weak", "strong", "unknown") if kind in kinds)


def main() -> None:
    """Print the table; exit 1 where a licence is strong or unknown."""
    rows = [{**row, "kind": judged(row["licence"])} for row in licence_rows(needed())]
    writer = csv.DictWriter(sys.stdout, ["name", "version", "licence", "kind"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    bad = [row for row in rows if row["kind"] in ("strong", "unknown")]
    for row in bad:
        print(f"{row['name']} {row['version']}: {row['licence']} ({row['kind']})", file=sys.stderr)
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
