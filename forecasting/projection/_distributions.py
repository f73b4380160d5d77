"""Distributions of assumptions as quantile functions of a uniform number, with their validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from forecasting.projection._growth import Array

__all__ = ["ARGS", "check_args", "is_number", "quantile", "support"]

Z95 = 1.6448536269514722

ARGS: dict[str, tuple[str, ...]] = {
    "point": ("value",),
    "uniform": ("low", "high"),
    "tri": ("low", "mode", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "q05", "q95"),
    "published": ("series", "year"),
}
"""Arguments of each distribution; ``choice`` takes one weight per option instead."""

EDGE = 2.0**-33


def check_args(dist: str, args: Mapping[str, Any]) -> str:
    """What is wrong with the arguments of a distribution of numbers, or "" if nothing is."""
    expected = ARGS[dist]
    if set(args) != set(expected):
        return f"args {_names(args)} of dist {dist!r}; expected {', '.join(expected)}"
    if dist == "published":
        strange = [name for name in expected if not isinstance(args[name], str)]
        return f"args {_names(strange)} of dist 'published' must be text" if strange else ""
    strange = [name for name in expected if not is_number(args[name])]
    if strange:
        return f"args {_names(strange)} of dist {dist!r} must be finite numbers"
    ordered = [args[name] for name in expected]
    if dist == "uniform" and not ordered[0] <= ordered[1]:
        return "a uniform needs low <= high"
    if dist == "tri" and not ordered[0] <= ordered[1] <= ordered[2]:
        return "a tri needs low <= mode <= high"
    if dist == "normal" and ordered[1] < 0:
        return "a normal needs sd >= 0"
    if dist == "lognormal":
        median, q05, q95 = ordered
        if not 0 < q05 <= median <= q95:
            return "a lognormal needs 0 < q05 <= median <= q95"
        if abs(np.log(q05 * q95 / median**2)) > 0.1:
            return (
                f"a lognormal is symmetric on the log scale: with q05 {q05:g} and q95 {q95:g} "
                f"the median is {np.sqrt(q05 * q95):.3g}, not {median:g}"
            )
    return ""


def support(dist: str, args: Mapping[str, Any]) -> tuple[float, float]:
    """Smallest and largest value that a distribution can give here (`quantile` never sees 0 or 1)."""
    ends = quantile(dist, args, np.array([0.0, 1.0]))
    return float(ends[0]), float(ends[1])


def quantile(dist: str, args: Mapping[str, Any], u: Array) -> Array:
    """Quantile function of a distribution at the uniform numbers u.

    Args:
        dist: ``point``, ``uniform``, ``tri``, ``normal`` or ``lognormal`` as numbers; ``choice`` as the
            index of the option, in the order of ``args``.
        args: As in `ARGS`; for ``choice`` option names with weights, which need not add up to 1.
        u: Uniform numbers in [0, 1], shape ``(N,)``; kept ``2^-33`` away from both ends.

    Returns:
        Values, shape ``(N,)``; non-decreasing in u.
    """
    u = np.clip(u, EDGE, 1.0 - EDGE)
    if dist == "choice":
        weights = np.cumsum(np.array(list(args.values()), dtype=np.float64))
        return np.searchsorted(weights[:-1] / weights[-1], u, side="right").astype(np.float64)
    return _QUANTILES[dist](args, u)


def _tri(args: Mapping[str, Any], u: Array) -> Array:
    low, mode, high = float(args["low"]), float(args["mode"]), float(args["high"])
    width = high - low
    if width == 0:
        return np.full_like(u, mode)
    peak = (mode - low) / width
    rising = low + np.sqrt(u * width * (mode - low))
    falling = high - np.sqrt((1.0 - u) * width * (high - mode))
    return np.where(u < peak, rising, falling)


def _normal(u: Array) -> Array:
    from scipy.special import ndtri

    return np.asarray(ndtri(u), dtype=np.float64)


def _lognormal(args: Mapping[str, Any], u: Array) -> Array:
    sd = np.log(args["q95"] / args["q05"]) / (2.0 * Z95)
    return np.asarray(float(args["median"]) * np.exp(sd * _normal(u)))


_QUANTILES: dict[str, Callable[[Mapping[str, Any], Array], Array]] = {
    "point": lambda args, u: np.full_like(u, float(args["value"])),
    "uniform": lambda args, u: args["low"] + (args["high"] - args["low"]) * u,
    "tri": _tri,
    "normal": lambda args, u: args["mean"] + args["sd"] * _normal(u) if args["sd"] else np.full_like(u, args["mean"]),
    "lognormal": _lognormal,
}


def is_number(value: Any) -> bool:
    """Whether a value of a file is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _names(names: Any) -> str:
    return ", ".join(map(str, names)) or "(none)"
