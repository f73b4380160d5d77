"""The corpus of bulletins: texts written for these tests with the figures that a careful reader takes from them."""

from __future__ import annotations

from collections.abc import Iterator
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


def scores(part: str) -> list[Score]:
    """Read each text of a part of the corpus and compare."""
    return [
        _score(f"{path.stem} {n}", text, truth)
        for path in sorted((FOLDER / part).glob("*.txt"))
        for n, (text, truth) in enumerate(load(path), 1)
    ]


def load(path: Path) -> Iterator[tuple[str, set[Figure]]]:
    """The texts of a file, one or many, each with its labelled figures."""
    for one in path.read_text(encoding="utf-8").split("=== text\n"):
        text, _, labels = one.partition("=== truth\n")
        truth = set()
        for line in labels.splitlines():
            indicator, period, measure, value, *unit = line.split(" ")
            truth.add((indicator, period, measure, value, " ".join(unit) or "percent"))
        yield text, truth


def _score(name: str, text: str, truth: set[Figure]) -> Score:
    sure, _ = read_bulletin(text, source="corpus")
    found = {tuple(row) for row in sure[["indicator", "period", "measure", "value", "unit"]].itertuples(index=False)}
    return Score(name, _sentences(text), frozenset(found & truth), frozenset(found - truth), frozenset(truth - found))


def _sentences(text: str) -> int:
    return sum(1 for mark in text if mark in "。；") + sum(1 for line in text.splitlines() if line.endswith(("%", ".")))
