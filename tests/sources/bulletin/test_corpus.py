"""The reader against the corpus: texts in the styles of many publishers, with decoys."""

import pytest

from tests.sources.bulletin.corpus import FOLDER, score

PARTS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@pytest.mark.parametrize("part", PARTS)
def test_figures_are_right_before_they_are_many(part):
    scores = [score(path) for path in sorted((FOLDER / part).glob("*.txt"))]
    right = sum(len(one.right) for one in scores)
    wrong = [(one.name, *figure) for one in scores for figure in one.wrong]
    missed = [(one.name, *figure) for one in scores for figure in one.missed]
    assert right / (right + len(wrong)) >= 0.98, wrong
    assert right / (right + len(missed)) >= 0.9, missed


def test_the_corpus_is_large_enough_to_say_something():
    scores = [score(path) for path in sorted(FOLDER.glob("*/*.txt"))]
    assert sum(one.sentences for one in scores) >= 150
