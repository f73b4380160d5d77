"""The contribution identity of the Baotou cluster, from the reference figures."""

from __future__ import annotations

import sys

from forecasting.projection import contribution
from forecasting.reference import load_claims


def main() -> None:
    """Share of growth x growth = pull; pull / own growth = base share."""
    claim = load_claims().set_index("id")["value_low"]
    rare_earths, total, share = claim["C01"], claim["C02"], claim["C03"] / 100
    found = contribution(rare_earths, total, pull=share * total)
    print(f"base share of rare earths: {100 * found.base_share:.2f} % (13.00)")
    print(f"pull: {found.pull_points:.3f} points (3.198)")
    print(f"share of current value added: {100 * found.current_share:.2f} % (14.55)")
    print(f"growth of the rest: {found.rest_growth:.2f} % (9.31)")
    if (round(100 * found.base_share, 1), round(found.pull_points, 3)) != (13.0, 3.198):
        sys.exit("FAILED")


if __name__ == "__main__":
    main()
