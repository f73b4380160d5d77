"""Random numbers of a simulation: one Sobol point a draw, one dimension a parameter, for all scenarios."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecasting.errors import AssumptionError
from forecasting.projection._assumptions import Parameter
from forecasting.projection._distributions import quantile
from forecasting.projection._growth import Array

__all__ = ["Uniforms", "Values", "seeded"]

PATH_INDEX = "path index"


def seeded(seed: int, block: str) -> np.random.Generator:
    """Generator of one block: the hash of seed and block decides, nothing that was drawn before."""
    digest = hashlib.sha256(f"{seed}|{block}".encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest[:16], "big"))))


class Uniforms:
    """Scrambled Sobol numbers, one dimension a block.

    All blocks are dimensions of one sequence: independently scrambled one-dimensional sequences would share
    their leading digits and make the parameters depend on each other. The dimension follows from the
    alphabetical place of the block, so every scenario sees the same number for the same parameter.
    """

    def __init__(self, blocks: Sequence[str], draws: int, seed: int) -> None:
        from scipy.stats import qmc

        names = [PATH_INDEX, *sorted(blocks)]
        sobol = qmc.Sobol(len(names), scramble=True, seed=seeded(seed, "sobol"))
        points = sobol.random_base2(int(np.ceil(np.log2(draws))))[:draws]
        self._columns = {name: np.ascontiguousarray(points[:, i]) for i, name in enumerate(names)}
        self.draws = draws
        self.seed = seed

    def block(self, name: str) -> Array:
        """Uniform numbers of a block, shape ``(draws,)``."""
        return self._columns[name]

    def path_rows(self, n: int) -> np.ndarray:
        """Row of the handed-over paths that each draw follows, shape ``(draws,)``, values 0 to n-1."""
        return np.minimum((self._columns[PATH_INDEX] * n).astype(np.int64), n - 1)

    def normals(self, name: str, steps: int) -> Array:
        """Standard normal innovations of a process, shape ``(draws, steps)``."""
        return seeded(self.seed, name).standard_normal((self.draws, steps))


class Values:
    """Parameter values of one scenario, one per draw."""

    def __init__(
        self, parameters: Mapping[str, Parameter], uniforms: Uniforms, calibration: pd.DataFrame, where: str
    ) -> None:
        self._parameters = parameters
        self._uniforms = uniforms
        self._calibration = calibration
        self._where = where

    def __call__(self, name: str, user: str = "") -> Array:
        """Values of a parameter, shape ``(draws,)``; with a user, from that user's own uniform numbers."""
        parameter = self._parameters[name]
        if parameter.dist == "published":
            value = _published(self._calibration, name, parameter, self._where)
            return np.full(self._uniforms.draws, value)
        u = self._uniforms.block(f"{name}@{user}" if user else name)
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
    mass, _, basis = parameter.spec.unit.removesuffix("/yr").partition(" ")
    factors = {"kt": {"t": 1e-3, "kt": 1.0}, "1": {"%": 1e-2}, "%": {"%": 1.0}}.get(mass, {})
    factor = factors.get(unit.split()[0])
    named = "TREO" if "REO" in unit else "magnet" if "magnet" in unit else ""
    if factor is None or (basis and named and named != basis):
        raise AssumptionError(
            f"{place}: published in {unit!r}; expected a figure that turns into {parameter.spec.unit!r}"
        )
    value = float(rows["value"].iloc[0]) * factor
    parameter.spec.check_range(value, value, place)
    return value
