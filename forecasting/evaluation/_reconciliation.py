"""Reconciliation: forecasts that add up."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import numpy as np

from forecasting.errors import InputError, Problem
from forecasting.evaluation._panel import Floats

SOURCE = "identities"


def reconcile(draws: Mapping[str, Floats], identities: Mapping[str, Mapping[str, float]]) -> dict[str, Floats]:
    """Joint draws in which every parent equals the weighted sum of its children, in every draw and step.

    The least adjustment in the metric of the forecast errors, MinT of Wickramasuriya, Athanasopoulos and Hyndman
    (2019), *Optimal forecast reconciliation for hierarchical and grouped time series through trace minimization*, J.
    American Statistical Association 114(526), in its zero-constrained form: with C the identities, ``C y = 0``, and
    W[h] the covariance of the draws at step h, ``y - W C' (C W C')^-1 C y``. W is shrunk to its diagonal by Schäfer and
    Strimmer (2005), *A shrinkage approach to large-scale covariance matrix estimation*, Statistical Applications in
    Genetics and Molecular Biology 4(1). A series whose draws are never negative stays so: what the adjustment takes
    below zero is set to zero (Di Fonzo and Girolimetto 2023, *Spatio-temporal reconciliation of solar forecasts*, Solar
    Energy 251), and the parents follow from their children.

    Args:
        draws: For each series shape (B, H), in its own unit; series without an identity come back as they are.
        identities: Parent -> child -> weight. A child may be a parent itself.

    Raises:
        InputError: A series without draws, draws of different shapes among tied series, a weight that is not finite,
            a parent without children, or a series that is its own descendant.
    """
    tied = _tied(draws, identities)
    if not tied:
        return dict(draws)
    position = {name: i for i, name in enumerate(tied)}
    constraints = np.zeros((len(identities), len(tied)))
    for row, (parent, children) in enumerate(identities.items()):
        constraints[row, position[parent]] = 1.0
        for child, weight in children.items():
            constraints[row, position[child]] -= weight
    base = np.stack([np.asarray(draws[name], dtype=np.float64) for name in tied])  # (N, B, H)
    adjusted = np.empty_like(base)
    for h in range(base.shape[2]):
        spread = _shrunk_covariance(base[:, :, h]) @ constraints.T
        gap = constraints @ base[:, :, h]
        adjusted[:, :, h] = base[:, :, h] - spread @ np.linalg.pinv(constraints @ spread, hermitian=True) @ gap
    floor = np.where((base >= 0).all(axis=(1, 2)), 0.0, -np.inf)
    out = dict(draws)
    for name in tied:  # children stand before their parents
        if name in identities:
            out[name] = np.sum([weight * out[child] for child, weight in identities[name].items()], axis=0)
        else:
            out[name] = np.maximum(adjusted[position[name]], floor[position[name]])
    return out


def _tied(draws: Mapping[str, Floats], identities: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Series of the identities, children before parents."""
    problems = []
    for parent, children in identities.items():
        if not children:
            problems.append(Problem("", f"{parent}: no children; at least one is needed"))
        absent = [name for name in (parent, *children) if name not in draws]
        problems += [Problem("", f"{parent}: {name} has no draws") for name in absent]
        strange = [child for child, weight in children.items() if not np.isfinite(weight)]
        problems += [Problem("", f"{parent}: the weight of {child} is not a finite number") for child in strange]
    try:
        order = list(
            TopologicalSorter({parent: list(children) for parent, children in identities.items()}).static_order()
        )
    except CycleError as error:
        raise InputError(
            SOURCE, [Problem("", f"{' - '.join(error.args[1])}: a series is its own descendant")]
        ) from error
    shapes = {np.shape(draws[name]) for name in order if name in draws}
    if len(shapes) > 1:
        problems.append(Problem("", f"draws of tied series have the shapes {sorted(shapes)}; one shape is needed"))
    if problems:
        raise InputError(SOURCE, problems)
    return order


def _shrunk_covariance(values: Floats) -> Floats:
    """Covariance of N variables in B draws, shape (N, B), its correlations shrunk by the estimated best share."""
    centred = values - values.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1)
    z = centred / np.where(deviation > 0, deviation, 1.0)[:, None]
    count = values.shape[1]
    correlation = z @ z.T / count
    variance = ((z**2) @ (z**2).T / count - correlation**2) / max(count - 1, 1)
    off = ~np.eye(len(values), dtype=bool)
    total = float((correlation[off] ** 2).sum())
    share = min(1.0, max(0.0, float(variance[off].sum()) / total)) if total > 0 else 1.0
    correlation = np.where(off, (1 - share) * correlation, 1.0)
    return np.asarray(correlation * np.outer(deviation, deviation))
