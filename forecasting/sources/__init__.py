"""Where figures come from: connectors behind one protocol, and the readers of users' own files."""

from forecasting.sources._files import read_observations, read_panel, read_weights
from forecasting.sources._reference import EmbeddedReference
from forecasting.sources._source import Source

__all__ = ["EmbeddedReference", "Source", "read_observations", "read_panel", "read_weights"]
