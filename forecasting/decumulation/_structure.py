"""The prior of a densely published indicator: log levels as trend, seasonal profile and irregular.

    x[y, m] = trend + profile[m] + drift of the profile[y, m] + trading days + irregular[y, m]

The trend is a random walk about a random slope that moves as well; the profile of the first year has a prior of its
own (`_weights`) and drifts from year to year; the irregular has heavy tails (Student t as a scale mixture, so that
2020 is an outlier and not a new variance), and is undone a year later: growth on the year before inherits it twice,
with opposite signs. Structural time series: Harvey (1989), section 2.3; heavy tails: Lange, Little and Taylor (1989).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from forecasting.decumulation._calendar import FIRST_YEAR, LAST_YEAR, new_year_exposure, working_days
from forecasting.decumulation._figures import FloatArray

__all__ = ["PARTS", "Structure", "structure"]

PARTS = ("level", "slope", "drift", "irregular")
"""Parts whose standard deviations are estimated, per month (level, slope, irregular) or year (drift)."""

LOG_SD = {"level": (0.008, 1.0), "slope": (0.0015, 1.0), "drift": (0.008, 1.0), "irregular": (0.012, 1.0)}
"""Prior median of each standard deviation, and the standard deviation of its logarithm."""

SLOPE_SD = 0.01
"""Prior standard deviation of the first slope, log points a month."""

HEIGHT_SD = 1.0
"""Prior standard deviation of the log of the height of published levels."""

WORKING_DAYS_SD, NEW_YEAR_SD = 0.5, 0.3
"""Prior standard deviations, about zero, of the elasticity of a month to its working days, and of the share of output
lost in the days about Chinese New Year, beyond what is alike in every year."""

NEW_YEAR_DAYS = (7, 15)
"""The days before and after Chinese New Year that output may be lost in."""

DAYS = 30.4


@dataclass(frozen=True, slots=True)
class Structure:
    """Prior of the log levels of Y + 1 years, N = 12 (Y + 1).

    Attributes:
        mean: (N,) prior mean, profile included.
        fixed: (N, N) covariance of everything whose variance is not estimated, the profile apart.
        parts: Part -> (N, N) covariance at standard deviation one, the irregular's apart (it is diagonal).
        profile: (12, 12) prior covariance of the log profile, alike in all years.
    """

    mean: FloatArray
    fixed: FloatArray
    parts: dict[str, FloatArray]
    profile: FloatArray

    def covariance(self, log_sd: FloatArray, scale: FloatArray, profile: FloatArray) -> FloatArray:
        """(N, N) covariance of the log levels.

        Args:
            log_sd: Log standard deviations of `PARTS`.
            scale: (N,) scale of each month's irregular variance.
            profile: (12, 12) covariance of the profile.
        """
        variance = dict(zip(PARTS, np.exp(2 * log_sd), strict=True))
        out: FloatArray = self.fixed + self.spread(profile) + variance["drift"] * self.drift(scale)
        for part, matrix in self.parts.items():
            out += variance[part] * matrix
        out[np.diag_indices_from(out)] += variance["irregular"] * scale
        return out

    def drift(self, scale: FloatArray) -> FloatArray:
        """(N, N) covariance of the drifting profile at standard deviation one a year: a random walk by month."""
        years = len(self.mean) // 12
        total = np.cumsum(np.vstack([np.zeros(12), scale.reshape(years, 12)[1:]]), axis=0)
        least = np.minimum.outer(np.arange(years), np.arange(years))
        out = np.zeros((years, 12, years, 12))
        for month in range(12):
            out[:, month, :, month] = total[least, month]
        return out.reshape(12 * years, 12 * years)

    def unwound(self, array: FloatArray) -> FloatArray:
        """(..., N) a derivative in the log levels, as one in the yearly steps of the drifting profile."""
        by_year = array.reshape(*array.shape[:-1], -1, 12)
        steps = np.flip(np.cumsum(np.flip(by_year, -2), axis=-2), -2)
        steps[..., 0, :] = 0
        return steps.reshape(array.shape)

    def spread(self, profile: FloatArray) -> FloatArray:
        """(N, N) of a (12, 12) covariance that all years share."""
        years = len(self.mean) // 12
        return np.tile(profile, (years, years))


def structure(
    first_year: int,
    years: int,
    log_share: FloatArray,
    profile: FloatArray,
    height: float | None,
    new_year_sd: float = NEW_YEAR_SD,
) -> Structure:
    """The prior for Y years from the first, and the year before.

    Args:
        first_year: Calendar year of the first of the Y years.
        years: Y.
        log_share: (12,) prior mean of the log profile, about zero.
        profile: (12, 12) its covariance.
        height: Log of an average month where levels are published; None where only ratios are.
        new_year_sd: See `NEW_YEAR_SD`.
    """
    parts, slope = _parts(years)
    fixed = slope + _calendar(first_year, years, new_year_sd)
    if height is not None:
        fixed = fixed + HEIGHT_SD**2
    mean = np.tile(log_share, years + 1) + (height or 0.0)
    return Structure(mean, fixed, parts, profile)


@lru_cache(maxsize=8)
def _parts(years: int) -> tuple[dict[str, FloatArray], FloatArray]:
    t = np.arange(12 * (years + 1), dtype=np.float64)
    least, most = np.minimum.outer(t, t), np.maximum.outer(t, t)
    parts = {
        "level": least,
        "slope": least * (least + 1) * (3 * most - least + 1) / 6,
    }
    return parts, SLOPE_SD**2 * np.outer(t, t)


@lru_cache(maxsize=64)
def _calendar(first_year: int, years: int, new_year_sd: float) -> FloatArray:
    first, last = (first_year - 1) * 12, (first_year + years) * 12 - 1
    if first < FIRST_YEAR * 12 or last >= LAST_YEAR * 12:
        return np.zeros((last + 1 - first,) * 2)
    days = np.log(working_days(first, last))
    near = new_year_exposure(first, last, *NEW_YEAR_DAYS) / DAYS
    out = np.zeros((len(days), len(days)))
    for column, sd in ((days, WORKING_DAYS_SD), (near, new_year_sd)):
        own = column - np.tile(column.reshape(-1, 12).mean(axis=0), years + 1)
        out += sd**2 * np.outer(own, own)
    return out
