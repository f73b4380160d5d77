"""The bulletin reader on the corpus in tests/sources/bulletin: precision, recall, and its speed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from forecasting.sources.bulletin import read_bulletin
from tests.sources.bulletin.corpus import FOLDER, load, score

PARTS = {
    "first": "the reader was developed on it",
    "second": "written before it was read, mended afterwards",
    "third": "written before it was read, mended afterwards",
    "fourth": "written before it was read, mended afterwards",
    "fifth": "written last, read once, nothing mended for it",
}
PRECISION, RECALL, KILOBYTES = 0.98, 0.9, 200


def main() -> None:
    """Score every part, then read the whole corpus again and again."""
    failed = False
    for part, how in PARTS.items():
        scores = [score(path) for path in sorted((FOLDER / part).glob("*.txt"))]
        right, wrong, missed = (sum(len(getattr(one, kind)) for one in scores) for kind in ("right", "wrong", "missed"))
        precision, recall = right / (right + wrong), right / (right + missed)
        failed |= precision < PRECISION or recall < RECALL
        print(
            f"{part} part ({how}): {len(scores)} bulletins, {sum(one.sentences for one in scores)} sentences, "
            f"{right + missed} figures: precision {precision:.3f}, recall {recall:.3f}"
        )
    texts = [load(path)[0] for path in sorted(FOLDER.glob("*/*.txt"))]
    size = sum(len(text.encode()) for text in texts) / 1000
    fastest = min(_seconds(texts) for _ in range(5))
    failed |= size / fastest < KILOBYTES
    print(f"speed: {size / fastest:.0f} KB of UTF-8 a second")
    if failed:
        sys.exit("FAILED")


def _seconds(texts: list[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        read_bulletin(text, source="corpus")
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
