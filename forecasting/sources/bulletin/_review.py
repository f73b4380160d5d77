"""From a reviewed file of doubtful figures to observations."""

from __future__ import annotations

import pandas as pd

from forecasting.errors import InputError, Problem
from forecasting.observations import REQUIRED, check_observations, column_problems

YES = frozenset(("yes", "y", "true", "1", "x", "是", "对", "✓", "√"))
NO = frozenset(("", "no", "n", "false", "0", "否", "错"))
_OPTIONAL = ("region", "sentence", "reason", "source")


def confirmed(frame: pd.DataFrame, *, source: str = "review", lines: list[int] | None = None) -> pd.DataFrame:
    """The figures of a review file that a person confirmed, in the drop-folder format.

    A reviewer corrects a row where it is wrong (its indicator, period, measure, value or unit) and writes ``yes`` into
    its column ``confirmed``; rows that are empty there are passed over.

    Args:
        frame: Text columns as in the doubtful frame of `read_bulletin`.
        source: What to call the file in messages.
        lines: Line number of each row in that file; without it messages count rows from 1.

    Returns:
        The canonical observation frame; ``source`` is the bulletin's name and ``note`` its sentence.

    Raises:
        InputError: A column is missing or unknown, ``confirmed`` holds something that is neither yes nor no, a
            confirmed row is no observation, or no row is confirmed.
    """
    head = column_problems(frame.columns, (*REQUIRED, "confirmed"), _OPTIONAL)
    if head:
        raise InputError(source, head)
    rows = frame.fillna("").astype(str).reset_index(drop=True)
    numbers = list(range(1, len(rows) + 1)) if lines is None else list(lines)
    word = "row" if lines is None else "line"
    answers = rows["confirmed"].str.strip().str.lower()
    strange = [n for n, answer in enumerate(answers) if answer not in YES | NO]
    if strange:
        problems = [
            Problem(f"{word} {numbers[n]}", f"confirmed {rows['confirmed'][n]!r} is neither yes nor no")
            for n in strange
        ]
        raise InputError(source, problems)
    kept = [n for n, answer in enumerate(answers) if answer in YES]
    if not kept:
        raise InputError(
            source, [Problem("", "no row is confirmed; write yes into the column confirmed of those that are right")]
        )
    chosen = rows.iloc[kept]
    table = chosen[list(REQUIRED)].copy()
    for name, column in (("source", "source"), ("note", "sentence")):
        if column in chosen:
            table[name] = chosen[column]
    return check_observations(table, source=source, lines=[numbers[n] for n in kept])
