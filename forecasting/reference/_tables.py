"""Loaders of the embedded tables."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from forecasting.observations import check_observations


def load_observations() -> pd.DataFrame:
    """Published figures of the default catalogue's indicators, 2008-2025.

    National series are from the National Bureau of Statistics, the General Administration of Customs and the
    Ministry of Finance of China; those of Baotou from its Municipal Bureau of Statistics by way of public
    reports. Levels whose publisher gives whole units carry 0 decimals although their text ends in ".0";
    status E marks a figure that was derived from others, as its note says.

    Returns:
        The canonical frame of `forecasting.observations`; ``released_at`` only where a date is known.
    """
    return check_observations(_read("observations.csv"), source="reference observations")


def observations_bytes() -> bytes:
    """The table of `load_observations` as it is in its file: UTF-8, comma-separated."""
    return (files("forecasting.reference") / "data" / "observations.csv").read_bytes()


def load_claims() -> pd.DataFrame:
    """What a trade-press report of 2025-12-30 on Baotou's rare earths states (C..), and what follows (D..).

    Returns:
        Columns id, value_low and value_high (float64; NaN where the range is open or the claim is a date),
        date (text, only for claims that are one), unit, period, kind, topic, publisher, note, decimals (int64; those
        that value_low is printed with); in the order of the ids.
    """
    claims = _read("claims.csv")
    printed = claims["value_low"].str.partition(".")[2].str.len()
    return _numbers(claims, ["value_low", "value_high"]).assign(decimals=printed)


def load_calibration() -> pd.DataFrame:
    """Published figures on quotas, mines, trade, magnets, demand anchors and lead times.

    Publishers are abbreviated where the trade does so: ACREI (Association of China Rare Earth Industry), CAAM
    (China Association of Automobile Manufacturers), CSRE (Chinese Society of Rare Earths), IEA (International
    Energy Agency), IMCOA (Industrial Minerals Company of Australia), MIIT (Ministry of Industry and
    Information Technology), NBS (National Bureau of Statistics), NEA (National Energy Administration), SMM
    (Shanghai Metals Market), USGS (United States Geological Survey).

    Returns:
        Columns series, year (text: a year, month, half, quarter or range), value (float64), unit, publisher
        (who made the figure), via (where it was read), note; series and year together are unique.
    """
    return _numbers(_read("calibration.csv"), ["value"])


def _read(name: str) -> pd.DataFrame:
    with (files("forecasting.reference") / "data" / name).open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


def _numbers(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return frame.assign(**{name: pd.to_numeric(frame[name].replace("", None)).astype("float64") for name in columns})
