"""A flag says in its evidence which figure is not believed, and what the others give."""

import numpy as np
import pytest

from forecasting import decumulate
from forecasting.decumulation._figures import arrange
from forecasting.decumulation._flags import unlike_levels
from forecasting.decumulation._paths import Flag
from forecasting.observations import check_observations
from tests.decumulation.publication import levels, publish

MONTHS = levels(np.full((3, 12), 0.10), np.full(12, 100.0))


def spoilt(measures, measure, period, value):
    """Three years of ten percent, with one figure of another value."""
    frame = publish(MONTHS, measures=measures)
    frame.loc[(frame["measure"] == measure) & (frame["period"] == period), "value"] = value
    return frame


def flags_of(frame):
    flags = decumulate(frame, draws=60).flags
    return flags[flags["flag"] != "levels_only"]


@pytest.mark.parametrize(
    ("measures", "measure", "period", "value", "evidence", "gap"),
    [
        (("ytd_yoy", "ytd_level"), "ytd_level", "2010-07", "900.0",
         "January to this month: the published level is 900, the other figures give 7", -14.4),
        (("ytd_yoy", "ytd_level"), "ytd_level", "2011-07", "900.0",
         "January to this month: levels give 16.88 percent, the other figures give 10.0", -6.9),
        (("month_level", "ytd_level"), "ytd_level", "2011-07", "900.0",
         "January to this month: levels give 16.88 percent, the other figures give 10.0", -6.9),
        (("month_yoy", "month_level"), "month_level", "2012-07", "150.0",
         "this month: levels give 23.97 percent, the other figures give 10.0", -14.0),
    ],
)  # fmt: skip
def test_a_level_that_is_not_believed_is_told_with_what_all_other_figures_give(
    measures, measure, period, value, evidence, gap
):
    (flag,) = flags_of(spoilt(measures, measure, period, value)).to_dict("records")
    assert (flag["month"], flag["flag"]) == (period, "restated_base")
    assert flag["evidence"].startswith(evidence)
    assert flag["gap"] == pytest.approx(gap, abs=0.1)


def test_a_rate_by_month_that_is_not_believed_is_told_as_that_of_its_month():
    growth = 0.06 + 0.01 * np.random.default_rng(5).standard_normal((6, 12))
    frame = publish(levels(growth, np.full(12, 100.0)), measures=("ytd_yoy", "month_yoy"), merged=True)
    frame.loc[(frame["measure"] == "month_yoy") & (frame["period"] == "2012-07"), "value"] = "60.0"
    (flag,) = flags_of(frame).to_dict("records")
    assert flag["evidence"].startswith("this month: the published rate is 60.00 percent, the cumulative rates give ")
    assert 100 * growth[2, 6] - 60 == pytest.approx(flag["gap"], abs=1)


def test_where_levels_break_none_is_held_against_months_that_are_on_another_base():
    flags = flags_of(spoilt(("month_level", "ytd_level"), "month_level", "2010-07", "150.0"))
    assert "break" in set(flags["flag"])
    assert not flags["evidence"].str.contains("the published level is").any()


def test_a_month_is_told_to_be_unlike_its_levels_unless_it_is_in_doubt_or_was_said_of_it_before():
    (figures,) = arrange(check_observations(publish(MONTHS, measures=("ytd_yoy", "month_level"))))
    growth = np.full((3, 12), 0.10)
    growth[2, 4] = 0.2
    for name, count in (("revision", 1), ("restated_base", 0), ("break", 0)):
        before = Flag.at(figures, 2, 4, name, "", 0.0)
        assert len(unlike_levels(figures, growth, [before], np.full((3, 12), 0.09))) == count, name
    assert not unlike_levels(figures, growth, [], np.full((3, 12), 0.11))
