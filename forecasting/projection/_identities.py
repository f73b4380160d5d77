"""Identities of growth contributions: what a total and one part's share of its growth already fix."""

from __future__ import annotations

from dataclasses import dataclass

from forecasting.errors import AssumptionError

__all__ = ["Contribution", "SectorWeights", "contribution", "sector_weights"]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one part adds to a total.

    Attributes:
        base_share: Share of the part in the total of the base period (0 to 1).
        pull_points: Percentage points that the part adds to the growth of the total.
        current_share: Share of the part in the total of the current period (0 to 1).
        rest_growth: Growth of everything else, percent.
    """

    base_share: float
    pull_points: float
    current_share: float
    rest_growth: float


@dataclass(frozen=True, slots=True)
class SectorWeights:
    """Base weights of the three sectors that agree with a published total, as ranges (low, high)."""

    mining: tuple[float, float]
    manufacturing: tuple[float, float]
    utilities: tuple[float, float]


def contribution(part_growth: float, total_growth: float, *, pull: float) -> Contribution:
    """Base share, current share and growth of the rest, out of two growth rates and a pull.

    With g the growth of the part, G that of the total and p the points the part adds to G:
    ``w = p/g``, current share ``w (1+g)/(1+G)``, growth of the rest ``(G - p)/(1 - w)``.

    Args:
        part_growth: Growth of the part g, percent.
        total_growth: Growth of the total G, percent.
        pull: Points p of the total's growth that come from the part. If the share of the growth is
            published instead, p is share times G.

    Raises:
        AssumptionError: The part does not grow or shrink, or its base share is not between 0 and 1.

    >>> result = contribution(24.6, 11.3, pull=0.283 * 11.3)
    >>> round(100 * result.base_share, 2), round(result.pull_points, 3)
    (13.0, 3.198)
    """
    if part_growth == 0:
        raise AssumptionError("contribution: a part with growth 0 pulls nothing; its share cannot be found from it")
    share = pull / part_growth
    if not 0 < share < 1:
        raise AssumptionError(
            f"contribution: a pull of {pull:g} points at growth {part_growth:g} % means a base share of "
            f"{100 * share:.1f} %; expected between 0 and 100 %, check signs and periods of both figures"
        )
    current = share * (1 + part_growth / 100) / (1 + total_growth / 100)
    return Contribution(share, pull, current, (total_growth - pull) / (1 - share))


def sector_weights(total: float, mining: float, manufacturing: float, utilities: float) -> SectorWeights:
    """Ranges of the three base weights for which the weighted growth of the sectors is that of the total.

    Solves ``w_m g_m + w_f g_f + w_u g_u = G`` with non-negative weights of sum 1: a segment, whose end
    points have one weight at zero.

    Args:
        total: Growth of the total G, percent.
        mining: Growth of mining, percent.
        manufacturing: Growth of manufacturing, percent.
        utilities: Growth of utilities, percent.

    Raises:
        AssumptionError: No such weights exist.

    >>> weights = sector_weights(11.3, 19.4, 10.0, 9.1)
    >>> [round(100 * bound, 1) for bound in weights.mining]
    [13.8, 21.4]
    """
    growth = (mining, manufacturing, utilities)
    ends = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        if growth[i] == growth[j]:
            continue
        weight = (total - growth[j]) / (growth[i] - growth[j])
        if 0 <= weight <= 1:
            end = [0.0, 0.0, 0.0]
            end[i], end[j] = weight, 1 - weight
            ends.append(end)
    if not ends:
        raise AssumptionError(
            f"sector weights: the total grows by {total:g} %, no mix of {mining:g}, {manufacturing:g} and "
            f"{utilities:g} %; expected a total between the slowest and the fastest sector"
        )
    low, high = ([pick(end[i] for end in ends) for i in range(3)] for pick in (min, max))
    return SectorWeights((low[0], high[0]), (low[1], high[1]), (low[2], high[2]))
