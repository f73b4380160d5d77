"""The connectors by name, built from the settings. A new one is a module with a `Source` and a line here."""

from __future__ import annotations

from forecasting.settings import Settings
from forecasting.sources._bulletins import BULLETINS, Bulletins
from forecasting.sources._drop import Files
from forecasting.sources._reference import EmbeddedReference
from forecasting.sources._review import ReviewFile
from forecasting.sources._source import Source

IMPORT = "import"  # files named on the command line; no connector of a night


class Connectors:
    """Makes connectors, each once; what a source has refused is remembered as long as this object lives.

    Args:
        settings: Of this installation.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Source] = {}

    def __getitem__(self, name: str) -> Source:
        """The connector called ``name``.

        Raises:
            KeyError: There is none.
        """
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def files(self) -> Files:
        """What reads files that are imported by hand."""
        return self._files(IMPORT)

    def review(self) -> ReviewFile:
        """Where doubtful figures go."""
        return ReviewFile(self._settings.review)

    def _files(self, name: str) -> Files:
        own = self._settings.sources
        others = BULLETINS if Bulletins.name in own.pull else ()
        return Files(name, self._settings.drop, own.max_file_mb, own.max_unpacked_mb, others)

    def _make(self, name: str) -> Source:
        own = self._settings.sources
        if name == EmbeddedReference.name:
            return EmbeddedReference()
        if name in ("file", IMPORT):
            return self._files(name)
        if name == Bulletins.name:
            return Bulletins(self._settings.drop, own.max_bulletin_mb)
        from forecasting.sources._http import Breaker, Client
        from forecasting.sources._nbs import NbsLibrary
        from forecasting.sources._nbs_legacy import NbsLegacy
        from forecasting.sources._sdmx import Sdmx

        client = Client(name, own.http, Breaker(own.http.failures, own.http.cool_down_s))
        if name == NbsLibrary.name:
            return NbsLibrary(client, own.nbs_url)
        if name == NbsLegacy.name:
            return NbsLegacy(client, own.nbs_legacy_url)
        if name == Sdmx.name:
            return Sdmx(client, own.sdmx_urls)
        raise KeyError(name)
