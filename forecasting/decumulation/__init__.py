"""De-cumulation: monthly growth and levels out of cumulative, rounded growth rates."""

from forecasting.decumulation._ahead import FittedLevels, fit_levels
from forecasting.decumulation._certificate import Certificate
from forecasting.decumulation._chunks import Chunks, Recovered, decumulate_in_chunks
from forecasting.decumulation._engine import Decumulation, decumulate
from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._found import Found
from forecasting.decumulation._onward import lean
from forecasting.decumulation._outline import Outline, outline, point_levels
from forecasting.decumulation._paths import Flag, Path
from forecasting.decumulation._seasonal import seasonally_adjust
from forecasting.decumulation._tail import Tail
from forecasting.decumulation._weights import Profile

__all__ = [
    "Certificate",
    "Chunks",
    "Decumulation",
    "FittedLevels",
    "Flag",
    "FloatArray",
    "Found",
    "Outline",
    "Path",
    "Profile",
    "Recovered",
    "Tail",
    "decumulate",
    "decumulate_in_chunks",
    "fit_levels",
    "lean",
    "outline",
    "point_levels",
    "seasonally_adjust",
]
