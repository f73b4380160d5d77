"""Pictures for those who would rather look: recovered months, and forecasts, as PNG or a page for the browser."""

from forecasting.pictures._fans import draw_forecasts, draw_headlines
from forecasting.pictures._gallery import PANELS, check_panels, picture_kind
from forecasting.pictures._months import draw_months

__all__ = ["PANELS", "check_panels", "draw_forecasts", "draw_headlines", "draw_months", "picture_kind"]
