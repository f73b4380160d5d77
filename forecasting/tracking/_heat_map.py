"""The heat map of a night, drawn without a display and without pyplot's global state."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["heat_map"]

ROWS = 60
INK, GREY = "#1b1b1b", "#6b6b6b"


def heat_map(leaderboard: pd.DataFrame, night: str, path: Path) -> None:
    """Draw the MASE of every model for every indicator, the champion framed; of many indicators the worst 60.

    Args:
        leaderboard: Columns indicator, model, mase and champion.
        night: Vintage: the day up to which figures were known.
        path: The PNG file to write.
    """
    _save(draw(leaderboard, night), path)


def draw(leaderboard: pd.DataFrame, night: str) -> Figure:
    """The figure that `heat_map` writes."""
    chosen = leaderboard[leaderboard["champion"].astype(bool)].set_index("indicator")
    worst = chosen["mase"].sort_values(ascending=False, kind="stable").index[:ROWS]
    table = leaderboard.pivot_table(index="indicator", columns="model", values="mase", dropna=False)
    table = table.loc[table.index.isin(worst)]
    values = table.to_numpy(dtype=float)
    rows, columns = values.shape
    figure, axes = _figure()
    axes.imshow(values, cmap="cividis", vmin=0.3, vmax=1.5, aspect="auto")
    axes.set_xticks(range(columns), list(table.columns), rotation=30, ha="right", fontsize=8)
    axes.set_yticks(range(rows), list(table.index), fontsize=8)
    axes.grid(visible=False)
    label = max(each.get_window_extent().width for each in axes.get_yticklabels()) / figure.dpi
    left = max(2.6, 0.3 + label)
    width, height = left + 0.4 + 0.8 * columns, 1.9 + 0.26 * rows
    figure.set_size_inches(width, height)
    figure.subplots_adjust(left=left / width, right=1 - 0.2 / width, top=1 - 0.7 / height, bottom=1.2 / height)
    models = {str(name): model for name, model in chosen["model"].items()}
    for (row, column), value in np.ndenumerate(values):
        is_chosen = models.get(str(table.index[row])) == table.columns[column]
        ink = "white" if value <= 0.9 else INK
        axes.text(
            column, row, "-" if np.isnan(value) else f"{value:.2f}", ha="center", va="center", fontsize=8,
            color=ink, weight="bold" if is_chosen else "normal",
            bbox={"facecolor": "none", "edgecolor": ink, "pad": 2.5} if is_chosen else None,
        )  # fmt: skip
    figure.text(0.15 / width, 1 - 0.4 / height, "MASE by indicator and model", fontsize=12, color=INK, weight="bold")
    about = f"1 = in-sample error of the seasonal naive forecast.\nFramed: champion. Figures known on {night}."
    if rows < len(chosen):
        about = f"The {rows} of {len(chosen):,} indicators whose champion has the largest.\n{about}"
    figure.text(0.15 / width, 0.12 / height, about, fontsize=8, color=GREY)
    return figure


def _figure() -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=GREY, labelsize=8)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    with warnings.catch_warnings():
        # a title in a script that the default font lacks is drawn with boxes
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font", category=UserWarning)
        figure.savefig(path, format="png", metadata={"Software": None})
