"""Supply outside: projects that pass through stages, may fail, and ramp up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.projection._controls import Mask
from forecasting.projection._coupling import HORIZON
from forecasting.projection._draws import Values
from forecasting.projection._growth import Array, log_rate
from forecasting.projection._structure import Structure

__all__ = ["Entry", "entry", "ramp", "stage_months"]

TIME = np.arange(HORIZON + 1, dtype=np.float64)[:, None]


@dataclass(frozen=True, eq=False)
class Entry:
    """Supply from outside.

    Attributes:
        supply: kt of the account per year, ``(HORIZON + 1, N)``; today's plants included.
        added: What is more than today.
        years: Time from decision to first output, projects in the order of the file, ``(projects, N)``.
    """

    supply: Array
    added: Array
    years: Array


def stage_months(values: Values, project: str) -> Array:
    """Months from the decision to first output, ``(N,)``.

    ``T = max(EIA + (1-w) consultation + approvals + B appeal + build x slip, processing)`` with overlap w and
    B the appeal's coin.
    """
    permit = (
        values("entry.assessment", project)
        + (1.0 - values("entry.overlap", project)) * values("entry.consultation", project)
        + values("entry.approvals", project)
    )
    appealed = values.uniforms.block(f"chance.appeal@{project}") < values("entry.appeal_probability", project)
    build = values("entry.build", project) * values("entry.slip", project)
    mine = permit + appealed * values("entry.appeal", project) + build
    return np.asarray(np.maximum(mine, values("entry.processing", project)))


def ramp(months: Array, length: Array, start: Array) -> Array:
    """Share of capacity in use some months after first output: from a start share on a logistic of given length.

    ``s0 + (1 - s0) / (1 + exp(-(t - L/2) / w))`` with ``w = L / (2 ln 19)``, so that the logistic passes 5 % at first
    output and 95 % a length later; 0 before first output. A plant that stood ready before (brownfield) sets out
    from a larger share.
    """
    width = length / (2.0 * np.log(19.0))
    rise = 1.0 / (1.0 + np.exp(-np.clip((months - length / 2.0) / width, -700.0, 700.0)))
    return np.where(months < 0, 0.0, start + (1.0 - start) * rise)


def entry(structure: Structure, values: Values, entered: Mask, *, built: bool) -> Entry:
    """Projects and today's plants; stages run faster by ``pace`` and, after the first event, by its own factor.

    Args:
        structure: Which projects there are.
        values: Parameters.
        entered: Whether a regime is entered in a month, ``(HORIZON + 1, N)``.
        built: Whether projects bring supply at all.
    """
    today = values("outside.supply") * np.exp(log_rate(values("outside.supply_growth")) * TIME / 12.0)
    supply, years = today, []
    first = np.where(entered.any(axis=0), entered.argmax(axis=0), np.inf)
    for key in structure.projects:
        needed = stage_months(values, key) * values("entry.pace")
        years.append(needed / 12.0)
        left = np.maximum(needed - values(f"project.{key}.elapsed"), 0.0)
        since = np.minimum(first, left)
        opens = since + values("entry.pace_after_event") * (left - since)
        success = values.uniforms.block(f"chance.success@{key}") < values("entry.success", key)
        share = ramp(TIME - opens, values("entry.ramp", key), values("entry.ramp_start", key))
        supply = supply + built * success * values(f"project.{key}.capacity") * share
    years_of = np.stack(years) if years else np.zeros((0, values.uniforms.draws))
    return Entry(supply, supply - supply[0], years_of)
