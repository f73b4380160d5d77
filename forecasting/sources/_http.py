"""How live sources are asked: within time and size limits, politely, again where it may help, and not for ever."""

from __future__ import annotations

import asyncio
import email.utils
import logging
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx2
import stamina

from forecasting.errors import SettingsError, SourceError
from forecasting.settings import HttpSettings

_AGAIN = {408, 429, 500, 502, 503, 504}
_GZIP = b"\x1f\x8b"
_SHOWN = 160

_logger = logging.getLogger(__name__)


class _TransientError(SourceError):
    """A failure that another attempt may not meet.

    Attributes:
        retry_after: Seconds the source asks to wait, where it does.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Breaker:
    """Leaves a source alone for a while once it refuses access or has failed several times in a row.

    Args:
        failures: In a row, of requests that were attempted as often as allowed.
        cool_down_s: For how long it is left alone.
    """

    def __init__(self, failures: int, cool_down_s: float) -> None:
        self._most = failures
        self._cool_down_s = cool_down_s
        self._failed = 0
        self._open_until = 0.0
        self._reason = ""

    def check(self, name: str) -> None:
        """Pass where the source may be asked.

        Raises:
            SourceError: It is left alone for now; the message says since what.
        """
        left = self._open_until - time.monotonic()
        if left > 0:
            what = f"{name} is left alone for {left:.0f} s more, since {self._reason}"
            raise SourceError(what, closed=True)

    def succeeded(self) -> None:
        """A request was answered."""
        self._failed = 0

    def failed(self, error: SourceError) -> None:
        """A request was not answered, after all attempts."""
        self._failed += 1
        if error.closed or self._failed >= self._most:
            self._open_until = time.monotonic() + self._cool_down_s
            self._reason = str(error)
            self._failed = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        method: GET or POST.
        url: Without query.
        params: Query.
        form: Fields of a form; POST only.
        json: Body; POST only.
        headers: Beside the usual ones.
    """

    method: str
    url: str
    params: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    json: Any = None
    headers: Mapping[str, str] | None = None

    @property
    def address(self) -> str:
        """The URL with its query."""
        return f"{self.url}?{urlencode(self.params)}" if self.params else self.url


class Client:
    """Asks one source.

    Redirects are not followed: an address that has moved is to be looked at. Every request has a deadline for
    the whole reply, so that a slow drip ends too; replies are unpacked here, within the size limit.

    Args:
        name: Of the source, for messages.
        settings: Limits and manners.
        breaker: Shared by all requests to this source.

    Raises:
        SettingsError: The bundle of certificate authorities cannot be read.
    """

    def __init__(self, name: str, settings: HttpSettings, breaker: Breaker) -> None:
        self._name = name
        self._settings = settings
        self._breaker = breaker
        self._next = 0.0
        self._verify: ssl.SSLContext | bool = True
        if settings.ca_bundle is not None:
            try:
                self._verify = ssl.create_default_context(cafile=settings.ca_bundle)
            except (OSError, ssl.SSLError) as error:
                what = f"sources.http.ca_bundle {settings.ca_bundle}: {error}; name a PEM file of certificates"
                raise SettingsError(what) from error

    def ask(self, request: Request) -> bytes:
        """The body of the reply.

        Raises:
            SourceError: No usable reply after all attempts; ``closed`` where asking again soon is of no use.
        """
        self._breaker.check(self._name)
        try:
            body = asyncio.run(self._attempts(request))
        except SourceError as error:
            self._breaker.failed(error)
            raise
        self._breaker.succeeded()
        return body

    def refused(self, error: SourceError) -> None:
        """Count a reply that came with status 200 and was a refusal all the same, such as a page of a firewall."""
        self._breaker.failed(error)

    async def _attempts(self, request: Request) -> bytes:
        settings = self._settings
        async for attempt in stamina.retry_context(
            on=self._backoff,
            attempts=settings.attempts,
            timeout=None,
            wait_initial=settings.wait_s,
            wait_max=settings.wait_max_s,
            wait_jitter=settings.wait_s,
        ):
            with attempt:
                await asyncio.sleep(max(0.0, self._next - time.monotonic()))
                self._next = time.monotonic() + settings.pause_s
                return await self._once(request)
        raise AssertionError("retry_context returns or raises")  # pragma: no cover

    def _backoff(self, error: Exception) -> bool | float:
        if not isinstance(error, _TransientError):
            return False
        return True if error.retry_after is None else error.retry_after

    async def _once(self, request: Request) -> bytes:
        where = f"{self._name}: {request.method} {request.url}"
        settings = self._settings
        try:
            async with asyncio.timeout(settings.total_s):
                return await self._exchange(request, where)
        except TimeoutError as error:
            raise _TransientError(f"{where}: no whole reply within {settings.total_s:g} s; given up") from error
        except httpx2.TimeoutException as error:
            raise _TransientError(f"{where}: no answer in time ({type(error).__name__})") from error
        except httpx2.ConnectError as error:
            if isinstance(_root(error), ssl.SSLError):
                what = f"{where}: the certificate is not trusted ({_root(error)}); sources.http.ca_bundle names others"
                raise SourceError(what, closed=True) from error
            raise _TransientError(f"{where}: cannot be reached ({_text(error)})") from error
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, ValueError) as error:
            raise SettingsError(f"{where}: {_text(error)}; correct the address or the proxy in the settings") from error
        except httpx2.TransportError as error:
            raise _TransientError(f"{where}: the connection broke ({_text(error)})") from error

    async def _exchange(self, request: Request, where: str) -> bytes:
        settings = self._settings
        proxy = settings.proxy.get_secret_value() if settings.proxy else None
        timeout = httpx2.Timeout(settings.read_s, connect=settings.connect_s)
        headers = {"User-Agent": settings.user_agent, "Accept-Encoding": "gzip, deflate", **(request.headers or {})}
        async with (
            httpx2.AsyncClient(verify=self._verify, proxy=proxy, trust_env=False, timeout=timeout) as client,
            client.stream(
                request.method, request.url, params=request.params, data=request.form, json=request.json,
                headers=headers,
            ) as response,
        ):  # fmt: skip
            limit = settings.max_mb * 2**20
            body = await _unpacked(response, limit, where)
            self._check(response, body, where)
            return body

    def _check(self, response: httpx2.Response, body: bytes, where: str) -> None:
        status = response.status_code
        if status == 200:
            return
        said = " ".join(body[:1000].decode("utf-8", "replace").split())[:_SHOWN]
        what = f"{where}: {status} {response.reason_phrase}" + (f": {said}" if said else "")
        if status in (401, 403):
            raise SourceError(f"{what}; the source is closed to this place", closed=True)
        if 300 <= status < 400:
            raise SourceError(f"{what}; it has moved to {response.headers.get('location', 'an unnamed place')}")
        if status not in _AGAIN:
            raise SourceError(what)
        wait = _retry_after(response.headers.get("retry-after"))
        if wait is not None and wait > self._settings.wait_max_s:
            raise SourceError(f"{what}; it asks to wait {wait:.0f} s, longer than wait_max_s", closed=True)
        raise _TransientError(what, wait)


async def _unpacked(response: httpx2.Response, limit: int, where: str) -> bytes:
    """The body within the limit, counted as it comes and unpacked."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        pieces = _inflated(response, encoding, limit, where)
    elif encoding in ("identity", ""):
        pieces = response.aiter_raw()
    else:
        raise SourceError(f"{where}: the reply is packed as {encoding!r}, which was not asked for")
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > limit:
            raise SourceError(f"{where}: the reply has more than {limit >> 20} MB; given up")
    return bytes(body)


async def _inflated(response: httpx2.Response, encoding: str, limit: int, where: str) -> AsyncIterator[bytes]:
    # zlib wrapper or gzip header, told apart by zlib itself; what is unpacked at once is bounded
    unpack: zlib._Decompress | None = None
    members = 0
    try:
        async for piece in response.aiter_raw():
            while piece:
                if unpack is None:
                    if members and not _GZIP.startswith(piece[:2]):  # padding behind the last member
                        return
                    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
                yield unpack.decompress(piece, min(limit + 1, 2**20))
                piece = unpack.unconsumed_tail
                if unpack.eof:
                    piece, unpack, members = unpack.unused_data, None, members + 1
    except zlib.error as error:
        raise _TransientError(f"{where}: the reply says {encoding} but cannot be unpacked ({error})") from error
    if unpack is not None:
        raise _TransientError(f"{where}: the packed reply breaks off")


def _retry_after(text: str | None) -> float | None:
    """Seconds asked for by a Retry-After header, in either of its forms; None where there is none to be read."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text.strip())
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter of a year or an offset that no calendar has
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return error


def _text(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
