"""Texts of page and pictures in English and Chinese."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files

__all__ = ["TEXTS", "name_of", "text"]


def _load() -> dict[str, tuple[str, str]]:
    raw = tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))
    return {f"{group}.{key}": (pair[0], pair[1]) for group, part in raw.items() for key, pair in part.items()}


TEXTS = _load()
"""Text by "group.key", English and Chinese."""


def text(key: str, **values: object) -> str:
    """An English text with its places filled in, as the pictures use it."""
    return TEXTS[key][0].format(**values)


def name_of(value: str, texts: Mapping[str, tuple[str, str]] = TEXTS) -> str:
    """English for a name out of the tables; its parts that are not known stay, with spaces for underscores.

    Args:
        value: The name.
        texts: `TEXTS`, or with names of a catalogue or an assumption file of one's own beside or instead of these.

    >>> name_of("demand|nev")
    'demand · new-energy vehicles'
    >>> name_of("made_up|thing.size")
    'made up · thing · size'
    """
    if (whole := texts.get(f"name.{value}")) is not None:
        return whole[0]
    parts = [
        part
        for piece in re.split(r"[|@:]+", value)
        if piece
        for part in (piece.split(".") if re.fullmatch(r"[A-Za-z]\w*(\.\w+)+", piece) else [piece])
    ]
    return " · ".join(texts[f"name.{part}"][0] if f"name.{part}" in texts else part.replace("_", " ") for part in parts)
