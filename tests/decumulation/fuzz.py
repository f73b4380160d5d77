"""Random mixtures of published figures through the whole de-cumulation, for as long as one likes.

python -m tests.decumulation.fuzz SECONDS [FIRST_SEED]
"""

from __future__ import annotations

import sys
import time

from forecasting import decumulate
from tests.decumulation.publication import mixture
from tests.decumulation.rounding import unstated

MISPRINTS = (0.0, 0.02)


def main() -> None:
    """Stop at the first mixture of which a draw does not state a figure that is believed."""
    seconds, seed = float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    end, paths = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        frame = mixture(seed, misprints=MISPRINTS[seed % 2])
        for path in decumulate(frame, draws=50).paths.values() if len(frame) else ():
            misses = unstated(frame, path)
            if misses:
                raise SystemExit(f"mixture {seed}: " + "; ".join(misses[:5]))
            paths += 1
        seed += 1
    sys.stdout.write(f"{paths} indicators, every figure that is believed is stated by every draw\n")


if __name__ == "__main__":
    main()
