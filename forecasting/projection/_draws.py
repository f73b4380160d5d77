"""Random numbers of a simulation: a point of the unit cube a draw, a dimension a parameter, for all scenarios."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecasting.errors import AssumptionError
from forecasting.projection._assumptions import Assumptions, Parameter
from forecasting.projection._distributions import EDGE, quantile
from forecasting.projection._growth import Array
from forecasting.projection._questions import Correlation
from forecasting.projection._schema import draw_blocks

__all__ = ["PATH_INDEX", "Uniforms", "Values", "correlated", "names_of", "seeded", "sobol_points",
           "uniforms_of"]  # fmt: skip

PATH_INDEX = "path index"

SOBOL = 64
"""Dimensions of the Sobol sequence that are used."""

UNITS = {("t", "kt"): 1e-3, ("kt", "t"): 1e3, ("%", "1"): 1e-2, ("1", "%"): 1e2}


def seeded(seed: int, block: str) -> np.random.Generator:
    """Generator of one block: the hash of seed and block decides, nothing that was drawn before."""
    digest = hashlib.sha256(f"{seed}|{block}".encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest[:16], "big"))))


def sobol_points(dimensions: int, draws: int, seed: int) -> Array:
    """Scrambled Sobol numbers, ``(draws, dimensions)``, padded by a Latin hypercube beyond `SOBOL` dimensions.

    All blocks are dimensions of one sequence: independently scrambled one-dimensional sequences would share their
    leading digits. Pairs of late dimensions of the sequence correlate visibly at some thousand draws, so the
    first dimensions, in which the order of the blocks puts what moves results most, are Sobol's and the rest is
    stratified in each dimension and random between them (Owen 1998, latin supercube sampling without groups).
    """
    from scipy.stats import qmc

    quasi = min(dimensions, SOBOL)
    sobol = qmc.Sobol(quasi, scramble=True, seed=seeded(seed, "sobol"))
    points = sobol.random_base2(int(np.ceil(np.log2(draws))))[:draws]
    if dimensions == quasi:
        return np.asarray(points)
    rest = qmc.LatinHypercube(dimensions - quasi, seed=seeded(seed, "padding")).random(draws)
    return np.concatenate([points, rest], axis=1)


def correlated(points: Array, blocks: Sequence[str], correlations: Sequence[Correlation]) -> Array:
    """The points with rank correlations laid over their columns by a Gaussian copula; each stays uniform.

    Args:
        points: Independent, shape ``(draws, len(blocks) + 1)``, columns as in `names_of`.
        blocks: Names of the blocks.
        correlations: Of pairs of them.

    Raises:
        AssumptionError: Correlations that no joint distribution has.
    """
    from scipy.special import ndtr, ndtri

    if not correlations:
        return points
    names = sorted({name for item in correlations for name in (item.first, item.second)})
    matrix = np.eye(len(names))
    for item in correlations:
        i, j = names.index(item.first), names.index(item.second)
        # the correlation of normals whose ranks correlate by rho
        matrix[i, j] = matrix[j, i] = 2.0 * np.sin(np.pi * item.rho / 6.0)
    try:
        root = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise AssumptionError(f"correlation: no joint distribution of {', '.join(names)} has these") from None
    out, columns = points.copy(), [names_of(blocks).index(name) for name in names]
    out[:, columns] = ndtr(ndtri(np.clip(points[:, columns], EDGE, 1.0 - EDGE)) @ root.T)
    return out


class Uniforms:
    """Uniform numbers by block: a column a parameter, a path index, a row of a pool of innovations.

    The column follows from the place of the block in `draw_blocks`, so every scenario sees the same number for the
    same parameter. Everything random is a function of the row: the point of ``[0, 1]^d`` is the draw.

    Args:
        blocks: Names of the blocks; `PATH_INDEX` joins them.
        points: Shape ``(draws, len(blocks) + 1)``.
        seed: Seed of the pools.
        pool: Rows of the pools of innovations.
    """

    def __init__(self, blocks: Sequence[str], points: Array, seed: int, *, pool: int | None = None) -> None:
        self._columns = {name: np.ascontiguousarray(points[:, i]) for i, name in enumerate(names_of(blocks))}
        self.draws = len(points)
        self.seed = seed
        self._pool = pool or 1 << int(np.ceil(np.log2(max(self.draws, 2))))
        self._chosen: dict[str, Array] = {}

    def block(self, name: str) -> Array:
        """Uniform numbers of a block, shape ``(draws,)``."""
        return self._columns[name]

    def path_rows(self, n: int) -> np.ndarray:
        """Row of the handed-over paths that each draw follows, shape ``(draws,)``, values 0 to n-1."""
        return self._rows(PATH_INDEX, n)

    def innovations(self, name: str, steps: int) -> Array:
        """Uniform innovations of a process, shape ``(steps, draws)``: the block picks a row of a pool.

        Unless it was given a size, the pool has as many rows as there are draws (the next power of two), so that
        a Sobol block takes each of them once.
        """
        if name not in self._chosen:
            pool = seeded(self.seed, name).random((self._pool, steps))
            self._chosen[name] = np.ascontiguousarray(pool[self._rows(name, self._pool)].T)
        return self._chosen[name]

    def _rows(self, name: str, n: int) -> np.ndarray:
        return np.minimum((self._columns[name] * n).astype(np.int64), n - 1)


def uniforms_of(assumptions: Assumptions, draws: int, seed: int) -> Uniforms:
    """Uniform numbers of a simulation, with the correlations that the assumptions state."""
    blocks = draw_blocks(assumptions.structure)
    points = sobol_points(len(blocks) + 1, draws, seed)
    return Uniforms(blocks, correlated(points, blocks, assumptions.questions.correlations), seed)


def names_of(blocks: Sequence[str]) -> list[str]:
    """Names of the columns in their order."""
    return [PATH_INDEX, *blocks]


class Values:
    """Parameter values of one scenario, one per draw."""

    def __init__(
        self, parameters: Mapping[str, Parameter], uniforms: Uniforms, calibration: pd.DataFrame, where: str
    ) -> None:
        self.uniforms = uniforms
        self._parameters = parameters
        self._calibration = calibration
        self._where = where

    def __call__(self, name: str, user: str = "") -> Array:
        """Values of a parameter, shape ``(draws,)``; with a user, from that user's own uniform numbers."""
        return self.at(name, self.uniforms.block(f"{name}@{user}" if user else name))

    def at(self, name: str, u: Array) -> Array:
        """Quantiles of a parameter at uniform numbers of one's own, shape as u."""
        parameter = self._parameters[name]
        if parameter.dist == "published":
            return np.full(np.shape(u), _published(self._calibration, name, parameter, self._where))
        return quantile(parameter.dist, parameter.args, u)


def _published(calibration: pd.DataFrame, name: str, parameter: Parameter, where: str) -> float:
    """A figure of the calibration table in the unit of the parameter.

    Args:
        calibration: Columns series, year, value, unit.
        name: The parameter's name.
        parameter: Its ``args`` name series and year.
        where: The assumption file, for messages.

    Raises:
        AssumptionError: The figure is not in the table, its unit or basis is not that of the parameter, or it
            lies outside of the parameter's range.
    """
    series, year, place = parameter.args["series"], parameter.args["year"], f"{where}: {name}"
    rows = calibration[(calibration["series"] == series) & (calibration["year"].astype(str) == year)]
    if len(rows) != 1:
        raise AssumptionError(
            f"{place}: {len(rows)} figures for {series!r}, {year!r} in the calibration table; expected 1"
        )
    unit = str(rows["unit"].iloc[0])
    quantity, _, basis = parameter.spec.unit.removesuffix("/yr").partition(" ")
    stated, _, counted = unit.removesuffix("/yr").partition(" ")
    factor = 1.0 if stated == quantity else UNITS.get((stated, quantity))
    if counted and not _same_basis(counted, basis):
        factor = None
    if factor is None:
        raise AssumptionError(
            f"{place}: published in {unit!r}; expected a figure that turns into {parameter.spec.unit!r}"
        )
    value = float(rows["value"].iloc[0]) * factor
    parameter.spec.check_range(value, value, place)
    return value


def _same_basis(counted: str, basis: str) -> bool:
    """Whether a published unit counts the basis: t REO for TREO, t finished magnet for magnet."""
    word, wanted = (item.lower().replace("_", " ") for item in (counted, basis))
    return wanted.endswith(word) or word.endswith(wanted)
