"""Known vulnerabilities of the pinned dependencies, by pip-audit; without its database that is said, never passed over.

    python deploy/audit.py [REQUIREMENTS]

Exit codes: 0 all were looked up and nothing is known, 1 something is known, 4 the database could not be asked about all
of them (no network, or an index that has none), so that nothing can be said.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

UNANSWERED = 4
PINNED = Path(__file__).parent.parent / "constraints.txt"


def main() -> None:
    """Ask, and say what is known."""
    pinned = sys.argv[1] if len(sys.argv) > 1 else str(PINNED)
    command = [sys.executable, "-m", "pip_audit", "--requirement", pinned, "--no-deps", "--disable-pip",
               "--format", "json", "--progress-spinner", "off"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"not audited, the database of vulnerabilities could not be asked: {reason}", file=sys.stderr)
        raise SystemExit(UNANSWERED) from None
    for one in found:
        for known in one.get("vulns", []):
            fixed = ", ".join(known["fix_versions"]) or "no version yet"
            print(f"{one['name']} {one['version']}: {known['id']}, fixed in {fixed}")
    skipped = [one for one in found if "skip_reason" in one]
    print(f"{len(found) - len(skipped)} of {len(found)} looked up")
    for one in skipped[:3]:
        print(f"not looked up: {one['name']}: {one['skip_reason']}", file=sys.stderr)
    if any(one.get("vulns") for one in found):
        raise SystemExit(1)
    if skipped:
        print("not audited in full, so nothing can be said; try again where the database is at hand", file=sys.stderr)
        raise SystemExit(UNANSWERED)


if __name__ == "__main__":
    main()
