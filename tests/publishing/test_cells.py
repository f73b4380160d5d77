import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forecasting.errors import PublishError
from forecasting.publishing import TABLES, csv_bytes
from forecasting.publishing._render import cells, parse_csv, render_csv, typed

OBSERVATIONS = TABLES["observations"]
plain_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)


def observations(notes: list[str], values: list[float]) -> pd.DataFrame:
    rows = len(notes)
    return pd.DataFrame(
        {
            "indicator": [f"i{row}" for row in range(rows)],
            "period": "2025-03",
            "measure": "month_level",
            "value": values,
            "unit": "t",
            "decimals": 1,
            "status": "",
            "released_at": pd.NaT,
            "source": "",
            "note": notes,
            "family": "",
        }
    )


def there_and_back(frame: pd.DataFrame, column: str, kind: str) -> list[object]:
    same = dict.fromkeys(["run_id", "as_of", "schema_version"], ["x"] * len(frame))
    text = parse_csv(render_csv(cells(frame, OBSERVATIONS) | same, OBSERVATIONS))
    return list(typed(text[column], kind, required=True))


@given(st.lists(plain_text, min_size=1, max_size=5))
@example(["=1+1", "'=1+1", "''@x", "\rx", '"', ",", "\n", "'", "-", "\t", "a\r\nb", "\ufeff"])
def test_any_text_survives_publishing_and_no_cell_looks_like_a_formula(notes: list[str]) -> None:
    frame = observations(notes, [1.0] * len(notes))
    assert there_and_back(frame, "note", "string") == notes
    assert not [cell for cell in cells(frame, OBSERVATIONS)["note"] if cell[:1] in set("=+-@\t\r\n")]


@given(st.lists(finite, min_size=1, max_size=5))
@example([-0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 123456789012.3])
def test_a_published_figure_keeps_every_digit_and_has_no_exponent(values: list[float]) -> None:
    frame = observations([""] * len(values), values)
    assert there_and_back(frame, "value", "number") == values
    assert not set("".join(cells(frame, OBSERVATIONS)["value"])) - set("0123456789.-")


@given(finite)
@example(124691356974.87482)
@example(99999999.7)
def test_a_computed_number_keeps_eight_significant_digits_and_all_before_the_point(value: float) -> None:
    odds = TABLES["headline_odds"]
    frame = pd.DataFrame(
        {"indicator": ["i"], "origin": "2025-03", "period": "2025-04", "value": value, "probability": 0.5}
    )
    text = cells(frame, odds)["value"][0]
    whole = abs(value) >= 1e8
    assert (set(text) <= set("-0123456789")) if whole else len(text.replace(".", "").strip("-0")) <= 8
    assert math.isclose(float(text), value, rel_tol=1e-15 if whole else 5.1e-8, abs_tol=0.5 if whole else 1e-320)


def test_a_file_for_the_user_has_the_habits_of_a_release() -> None:
    frame = pd.DataFrame(
        {
            "month": ["2025-03", "2025-04"],
            "ds": pd.to_datetime(["2025-03-01", None]),
            "at": pd.to_datetime(["2025-03-01T08:00:00+08:00", None], utc=True),
            "level": [0.1 + 0.2, np.nan],
            "value": [123456789.123, 12345678901234.5],
            "months": pd.array([1, None], dtype="Int64"),
            "champion": [True, False],
            "note": ["=1", 'say "a, b"'],
        }
    )
    assert csv_bytes(frame).decode() == (
        "month,ds,at,level,value,months,champion,note\n"
        "2025-03,2025-03-01,2025-03-01T00:00:00Z,0.3,123456789.123,1,true,'=1\n"
        '2025-04,,,,12345678901234,,false,"say ""a, b"""\n'
    )
    with pytest.raises(PublishError, match="file, row 1: level inf is not a number"):
        csv_bytes(frame.assign(level=np.inf))
