"""The reader against the corpus: texts in the styles of many publishers, with decoys."""

import pytest

from tests.sources.bulletin.corpus import FOLDER, load, scores

PARTS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@pytest.mark.parametrize("part", PARTS)
def test_figures_are_right_before_they_are_many(part):
    found = scores(part)
    right = sum(len(one.right) for one in found)
    wrong = [(one.name, *figure) for one in found for figure in one.wrong]
    missed = [(one.name, *figure) for one in found for figure in one.missed]
    assert right / (right + len(wrong)) >= 0.98, wrong
    assert right / (right + len(missed)) >= 0.9, missed


def test_the_corpus_is_large_enough_to_say_something():
    texts = [text for path in FOLDER.glob("*/*.txt") for text, _ in load(path)]
    assert len(texts) >= 250
    assert sum(text.count("。") for text in texts) >= 500
