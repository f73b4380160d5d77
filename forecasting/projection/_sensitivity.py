"""Which assumption decides: Sobol indices and a tornado.

All randomness of a draw is a function of one point of the unit cube, a dimension a parameter and a piece of chance,
so every one of them has its index. The dimensions are grouped by parameter (a shared parameter with all its users).
The tornado moves one group at a time from its 5 % to its 95 % quantile; the `FACTORS` that swing a metric most get
Sobol indices of their own, all others share one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from forecasting.projection._assumptions import Assumptions
from forecasting.projection._coupling import HORIZON, GrowthPaths
from forecasting.projection._draws import Uniforms, Values, correlated, names_of, seeded, sobol_points
from forecasting.projection._growth import Array
from forecasting.projection._metrics import metric
from forecasting.projection._scenario import run_scenario
from forecasting.projection._schema import draw_blocks

__all__ = ["SENSITIVITY_COLUMNS", "sensitivity_table", "sobol_indices"]

SENSITIVITY_COLUMNS = ("output", "horizon", "scenario", "parameter", "group", "S1", "S1_conf", "ST", "ST_conf",
                       "tornado_low", "tornado_high", "swing", "rank")  # fmt: skip

FACTORS = 24
REST = "(all others)"
HORIZONS = (60, HORIZON)
LOW, HIGH = 0.05, 0.95
MOST_TORNADO, MOST_SOBOL = 32, 512
SLICE = 4096
RESAMPLES = 100


def sobol_indices(
    model: Callable[[Array], Array], groups: Sequence[str], base: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """First-order and total Sobol indices of a model of uniform numbers, by Saltelli's design and SALib's estimators.

    Args:
        model: Maps points ``(M, d)`` of the unit cube to outputs ``(M, outputs)``.
        groups: Name of the group of every dimension, d of them.
        base: Size of the design, a power of two; the model sees ``base (number of groups + 2)`` points.
        seed: Seed of the design and of the bootstrap of its confidence.

    Returns:
        The indices and the half widths of their 95 % intervals: frames with a row a group and the columns S1_k and
        ST_k for output k.
    """
    from SALib.analyze import sobol as analyse

    names = list(dict.fromkeys(groups))
    problem = {"num_vars": len(groups), "names": [str(i) for i in range(len(groups))], "groups": list(groups),
               "bounds": [[0.0, 1.0]] * len(groups)}  # fmt: skip
    outputs = model(_saltelli(groups, names, base, seed))
    index, width = pd.DataFrame(index=names), pd.DataFrame(index=names)
    for k in range(outputs.shape[1]):
        rng = int(seeded(seed, f"bootstrap {k}").integers(2**31))
        found = analyse.analyze(problem, outputs[:, k], calc_second_order=False, num_resamples=RESAMPLES, seed=rng)
        for kind in ("S1", "ST"):
            index[f"{kind}_{k}"], width[f"{kind}_{k}"] = found[kind], found[f"{kind}_conf"]
    return index, width


def _saltelli(groups: Sequence[str], names: Sequence[str], base: int, seed: int) -> Array:
    """Saltelli's design in SALib's order: A, A with one group of B, …, B for every base point.

    Ours and not SALib's, whose unpadded Sobol sequence correlates in the hundreds of dimensions here.
    """
    d = len(groups)
    both = sobol_points(2 * d, base, int(seeded(seed, "saltelli").integers(2**31)))
    a, b = both[:, :d], both[:, d:]
    crossed = [np.where(np.array([group == name for group in groups]), b, a) for name in names]
    return np.stack([a, *crossed, b], axis=1).reshape(-1, d)


def sensitivity_table(
    assumptions: Assumptions, paths: GrowthPaths, calibration: pd.DataFrame, *, draws: int, seed: int
) -> pd.DataFrame:
    """Sobol indices and tornado of the metrics that the assumption file asks for, after 5 and 10 years.

    Ratios of additions have heavy tails where what divides them is small: they are cut at their 1 and 99 % quantiles,
    and a draw without a ratio counts as the median. Swings are differences of means over the same draws. Of parameters
    that correlate, the tornado moves one alone; a Sobol index is that of the independent number behind it, in the
    order of their names.

    Args:
        assumptions: From `load_assumptions`.
        paths: Joint growth paths.
        calibration: Published figures.
        draws: Draws of the simulation; the tornado takes a 256th of it (8 to 32) a side, the Sobol design a
            sixteenth (32 to 512) a factor, both as powers of two.
        seed: Seed of everything random.
    """
    if not assumptions.questions.sensitivity:
        return pd.DataFrame(columns=list(SENSITIVITY_COLUMNS))
    blocks, tied = draw_blocks(assumptions.structure), assumptions.questions.correlations
    columns, model = names_of(blocks), _model(assumptions, paths, calibration, seed)
    points = correlated(sobol_points(len(columns), _size(draws // 256, 8, MOST_TORNADO), seed), blocks, tied)
    low, high = _tornado(model, columns, _active(assumptions, columns), points)
    swing = high - low
    score = (swing / swing.abs().max().where(lambda item: item > 0, 1.0)).abs().max(axis=1)
    leading = set(score.sort_values(ascending=False, kind="stable").index[:FACTORS])
    groups = [group if (group := group_of(name)) in leading else REST for name in columns]
    index, width = sobol_indices(lambda points: model(correlated(points, blocks, tied)), groups,
                                 _size(draws // 16, 32, MOST_SOBOL), seed)  # fmt: skip
    frames = []
    for k, (name, months) in enumerate(_outputs(assumptions)):
        frame = pd.DataFrame({
            "S1": index[f"S1_{k}"], "S1_conf": width[f"S1_{k}"], "ST": index[f"ST_{k}"], "ST_conf": width[f"ST_{k}"],
            "tornado_low": low[k], "tornado_high": high[k], "swing": swing[k],
        }).reindex([*low.index, REST])  # fmt: skip
        order = frame.assign(size=frame["swing"].abs()).sort_values(["ST", "size"], ascending=False, kind="stable")
        frame["rank"] = pd.Series(range(1, len(order) + 1), index=order.index)
        heads = [parameter.partition(".")[0] for parameter in frame.index]
        frames.append(frame.rename_axis("parameter").reset_index().assign(
            output=name, horizon=months, scenario=assumptions.questions.sensitivity_scenario, group=heads
        ))  # fmt: skip
    table = pd.concat(frames, ignore_index=True)[list(SENSITIVITY_COLUMNS)]
    return table.sort_values(["output", "horizon", "rank"], kind="stable", ignore_index=True)


def _size(wanted: int, least: int, most: int) -> int:
    """The power of two at or below what is wanted, within bounds."""
    return min(max(1 << int(np.log2(max(wanted, 1))), least), most)


def group_of(block: str) -> str:
    """Parameter of a block: what stands before the user."""
    return block.partition("@")[0]


def _outputs(assumptions: Assumptions) -> list[tuple[str, int]]:
    return [(name, months) for name in assumptions.questions.sensitivity for months in HORIZONS]


def _active(assumptions: Assumptions, columns: Sequence[str]) -> list[str]:
    """Groups that can move anything: parameters with a spread, and chance."""
    parameters = assumptions.scenarios[assumptions.questions.sensitivity_scenario].parameters
    groups = dict.fromkeys(group_of(name) for name in columns)
    return [name for name in groups
            if name not in parameters or parameters[name].dist not in ("point", "published")]  # fmt: skip


def _model(
    assumptions: Assumptions, paths: GrowthPaths, calibration: pd.DataFrame, seed: int
) -> Callable[[Array], Array]:
    """Points of the unit cube to outputs, `SLICE` of them at a time to bound memory."""
    scenario = assumptions.scenarios[assumptions.questions.sensitivity_scenario]
    blocks = draw_blocks(assumptions.structure)

    def run(points: Array) -> Array:
        uniforms = Uniforms(blocks, points, seed, pool=SLICE)
        values = Values(scenario.parameters, uniforms, calibration, assumptions.file)
        outcome = run_scenario(assumptions, scenario, paths, values)
        return np.stack([metric(outcome, name)[[0, *HORIZONS]] for name in assumptions.questions.sensitivity])

    def whole(points: Array) -> Array:
        found = np.concatenate([run(points[i : i + SLICE]) for i in range(0, len(points), SLICE)], axis=-1)
        return np.stack([_tame(ahead) if np.isnan(today).all() else ahead  # a ratio of additions has no value today
                         for today, *later in found for ahead in later], axis=1)  # fmt: skip

    return whole


def _tame(values: Array) -> Array:
    valid = values[np.isfinite(values)]
    if len(valid) == 0:
        return np.zeros_like(values)
    low, middle, high = np.quantile(valid, [0.01, 0.50, 0.99])
    return np.asarray(np.clip(np.where(np.isfinite(values), values, middle), low, high))


def _tornado(
    model: Callable[[Array], Array], columns: Sequence[str], groups: Sequence[str], points: Array
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean output with a group at its low and at its high quantile, all else as drawn: a row a group."""
    sides = []
    for level in (LOW, HIGH):
        for group in groups:
            moved = points.copy()
            moved[:, [i for i, name in enumerate(columns) if group_of(name) == group]] = level
            sides.append(moved)
    found = model(np.concatenate(sides)).reshape(2, len(groups), len(points), -1).mean(axis=2)
    low, high = (pd.DataFrame(side, index=list(groups)) for side in found)
    return low, high
