"""What a night prints at its end."""

from pathlib import Path

import pytest

from jobs.summary import MANY, TELLING, summary

HEAD = "indicator,period,q05,q50,q95,no_change,prob_above_no_change\n"
CLAIMS = "claim_id,metric,claim_low,claim_high,p_below,p_within,p_above,code\n"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    (tmp_path / "claim_check.csv").write_text(CLAIMS)
    (tmp_path / "sensitivity.csv").write_text("output,scenario\n")
    return tmp_path


def headlines(release: Path, count: int) -> None:
    """Every other indicator rises for sure, by as many points as its number says; one falls, the others may do both."""
    rows = []
    for i in range(count):
        chance, middle = (0.99, 5 + i) if i % 2 else (0.5, 5.0)
        chance, middle = (0.001, 1.0) if i == 2 else (chance, middle)
        rows += [f"made_up_{i:04d},2025-{month},1.0,{middle},20.0,5.0,{chance}\n" for month in (11, 12)]
    (release / "headlines.csv").write_text(HEAD + "".join(rows))


def test_every_one_of_a_few_indicators_has_a_line(release: Path) -> None:
    headlines(release, MANY)
    lines = summary(release)
    assert len(lines) == 1 + MANY
    assert lines[1] == "  made_up_0000                  2025-11     5.0 (   1.0 to   20.0)  latest    5.0   50 %"


def test_of_many_indicators_there_are_counts_the_surest_ones_and_where_all_are(release: Path) -> None:
    headlines(release, 1000)
    lines = summary(release)
    assert lines[0] == (
        "1,000 indicators: the rate rises in 500 and does not in 1 with a chance of 80 % and more; 499 may do either"
    )
    assert [line.split()[0] for line in lines[2:-1]] == ["made_up_0002"] + [
        f"made_up_{i:04d}" for i in range(999, 999 - 2 * (TELLING - 1), -2)
    ]
    assert lines[-1] == f"  all 1,000: {release / 'headlines.csv'}"


def test_what_is_nearly_certain_is_not_said_to_be_so(release: Path) -> None:
    rows = [f"n_{p},2025-11,1,5,20,5,{p}\n" for p in ("0.0", "0.003", "0.997", "1.0")]
    (release / "headlines.csv").write_text(HEAD + "".join(rows))
    assert [line.split("latest")[1].split()[1] for line in summary(release)[1:]] == ["0", "<1", ">99", "100"]


def test_no_rate_is_a_negative_zero(release: Path) -> None:
    (release / "headlines.csv").write_text(HEAD + "made_up,2025-11,-0.04,-0.01,0.04,-0.02,0.5\n")
    assert summary(release)[1].split("2025-11")[1] == "     0.0 (   0.0 to    0.0)  latest    0.0   50 %"


def test_a_claim_has_an_open_end_no_false_certainty_and_odds_only_where_there_are_some(release: Path) -> None:
    headlines(release, 0)
    rows = [
        "C01,first|a,0.15,0.25,0.996,0.004,0.0,below",
        "C02,first|b,2,,0.4,0.6,0.0,within",
        "C03,first|c,,2,0.0,1.0,0.0,within",
        "C04,first|d,1,2,,,,undefined",
        "C04,second|d,1,2,0.1,0.2,0.7,above",
    ]
    (release / "claim_check.csv").write_text(CLAIMS + "\n".join(rows) + "\n")
    assert summary(release)[1:] == [
        "claims: probability below, within and above the range, in scenario first",
        "  C01 0.15 to 0.25: >99 % /  <1 % /   0 %  a",
        "  C02 >= 2:  40 % /  60 % /   0 %  b",
        "  C03 <= 2:   0 % / 100 % /   0 %  c",
        "  C04 1 to 2: undefined  d",
    ]
    (release / "sensitivity.csv").write_text("output,scenario\na,second\n")  # which is what a file cares for most
    assert summary(release)[1].endswith("in scenario second")
