"""The heat map of a night, read from its figure."""

import pandas as pd
import pytest

from forecasting.tracking._heat_map import draw


def board(names: list[str]) -> pd.DataFrame:
    rows = [
        {"indicator": name, "model": model, "mase": 0.2 + 0.01 * rank, "champion": model == "median"}
        for rank, name in enumerate(names)
        for model in ("median", "seasonal_naive")
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", ["cn_exports", "m" * 100, "baotou_" + "rare_earth_" * 8 + "va"])
def test_names_of_any_length_stay_within_the_picture(name: str) -> None:
    figure = draw(board([name, "cn_imports"]), "2026-01-20")
    edges = [label.get_window_extent().x0 for label in figure.axes[0].get_yticklabels()]
    assert min(edges) > 0
    assert figure.axes[0].get_window_extent().x1 < figure.bbox.width


def test_a_choice_of_many_indicators_says_so_and_is_the_worst() -> None:
    names = [f"indicator_{number:03d}" for number in range(70)]
    figure = draw(board(names), "2026-01-20")
    assert "The 60 of 70 indicators whose champion has the largest." in figure.texts[1].get_text()
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown == names[10:]
    few = draw(board(names[:60]), "2026-01-20")
    assert "of 60" not in few.texts[1].get_text()
    assert "Figures known on 2026-01-20." in few.texts[1].get_text()
