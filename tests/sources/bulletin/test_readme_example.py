"""The examples of the README run and give what it says."""

import doctest
from pathlib import Path


def test_the_examples_of_the_readme_are_true():
    path = Path(__file__).parents[3] / "README.md"
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testfile(str(path), module_relative=False, optionflags=flags, encoding="utf-8")
    assert result.attempted > 0
    assert result.failed == 0
