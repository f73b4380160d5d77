"""The corpus of bulletins: texts written for these tests with the figures that a careful reader takes from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forecasting.sources.bulletin import read_bulletin

FOLDER = Path(__file__).parent / "corpus"
Figure = tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """What the reader made of a text: figures by kind, as (indicator, period, measure, value, unit)."""

    name: str
    sentences: int
    right: frozenset[Figure]
    wrong: frozenset[Figure]
    missed: frozenset[Figure]


def score(path: Path) -> Score:
    """Read one text of the corpus and compare."""
    text, truth = load(path)
    sure, _ = read_bulletin(text, source="corpus")
    found = {tuple(row) for row in sure[["indicator", "period", "measure", "value", "unit"]].itertuples(index=False)}
    return Score(
        path.stem, _sentences(text), frozenset(found & truth), frozenset(found - truth), frozenset(truth - found)
    )


def load(path: Path) -> tuple[str, set[Figure]]:
    """The text and its labelled figures."""
    text, _, labels = path.read_text(encoding="utf-8").partition("=== truth\n")
    truth = set()
    for line in labels.splitlines():
        indicator, period, measure, value, *unit = line.split(" ")
        truth.add((indicator, period, measure, value, " ".join(unit) or "percent"))
    return text, truth


def _sentences(text: str) -> int:
    return sum(1 for mark in text if mark in "。；") + sum(1 for line in text.splitlines() if line.endswith(("%", ".")))
