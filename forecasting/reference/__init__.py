"""The figures that come with the package: observations, claims and calibration values."""

from forecasting.reference._tables import load_calibration, load_claims, load_observations, observations_bytes

__all__ = ["load_calibration", "load_claims", "load_observations", "observations_bytes"]
