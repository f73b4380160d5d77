"""Where figures come from: connectors behind one protocol, the door they pass, and the readers of users' own files."""

from forecasting.sources._connectors import Connectors
from forecasting.sources._door import Admission, admit
from forecasting.sources._drop import Files
from forecasting.sources._files import read_observations, read_panel, read_weights
from forecasting.sources._reference import EmbeddedReference
from forecasting.sources._source import Reading, Source

__all__ = [
    "Admission",
    "Connectors",
    "EmbeddedReference",
    "Files",
    "Reading",
    "Source",
    "admit",
    "read_observations",
    "read_panel",
    "read_weights",
]
