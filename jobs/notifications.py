"""Telling people what they should know, once, through apprise.

What a receiver has been told is remembered in `var/told.json`, as long as it is true: a night in which nothing
happened says nothing, and what ended and happens again is told again. A receiver that is down is told later.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecasting.errors import SettingsError
from forecasting.settings import Event, NotifySettings, Settings

if TYPE_CHECKING:
    from apprise import NotifyBase

__all__ = ["Delivery", "Fact", "facts_of", "receivers", "tell", "tell_test", "unknown_of"]

SHOWN = 10
"""Facts of one kind in a message."""

HEADINGS: dict[Event, str] = {
    "failure": "Failed",
    "late": "Late",
    "surprise": "Outside the 95 % band",
    "champion": "New champions",
    "quarantine": "Put aside",
}

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a person may want to know.

    Attributes:
        event: Its kind.
        about: What it is about, such as an indicator.
        value: Differs where it is another fact about the same: a period, a model, a number of rows.
        text: In words.
    """

    event: Event
    about: str
    value: str
    text: str

    @property
    def key(self) -> str:
        """By which it is remembered."""
        return f"{self.event}:{self.about}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether a receiver took a message.

    Attributes:
        receiver: Its address without passwords and tokens.
        taken: Whether it did.
    """

    receiver: str
    taken: bool


def facts_of(state: Mapping[str, Any] | None, error: Exception | None = None) -> list[Fact]:
    """What is to know of a state (see `jobs.state.read_state`), most pressing kind first.

    Args:
        state: Of the installation; None where it cannot be read.
        error: With which the night just ended, where it did.
    """
    if error is not None:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        failures = [Fact("failure", "night", reason, f"the night failed: {reason}")]
    else:
        failures = [] if state is None else [*_failures(state)]
    if state is None:
        return failures
    return [*failures, *_lateness(state), *_surprises(state), *_champions(state), *_quarantine(state)]


def unknown_of(state: Mapping[str, Any] | None) -> tuple[Event, ...]:
    """The kinds of facts of which a state does not say whether there are any, as `tell` takes them."""
    if state is None:
        return "late", "surprise", "champion", "quarantine"
    return ("surprise",) if state["release_message"] else ()


def tell(facts: Sequence[Fact], settings: Settings, unknown: Collection[Event] = ()) -> list[Delivery]:
    """Tell every receiver the facts that it has not been told, in one message.

    Args:
        facts: That are true now.
        settings: Of this installation.
        unknown: Kinds of which nothing is known now: what was told of them is remembered on.

    Returns:
        One delivery a receiver that there was something to tell.

    Raises:
        SettingsError: A receiver is none that apprise knows.
        OSError: `var/told.json` cannot be written.
    """
    wanted = [fact for fact in facts if fact.event in settings.notify.on]
    memory = settings.var / "told.json"
    known, told, deliveries = _recall(memory), {}, []
    for name, receiver in receivers(settings.notify).items():
        before = known.get(name, {})
        news = [fact for fact in wanted if _is_news(fact, before)]
        missed: set[str] = set()
        if news:
            delivery = _send(receiver, _title(news), settings.redact(_body(news)), news[0].event)
            deliveries.append(delivery)
            missed = set() if delivery.taken else {fact.key for fact in news}
        told[name] = {key: value for key, value in before.items() if key.partition(":")[0] in unknown}
        told[name] |= {fact.key: fact.value for fact in wanted if fact.key not in missed}
        told[name] |= {key: before[key] for key in missed & set(before)}
    if told and told != known:  # by hand, without the service's variables, there is no receiver
        _remember(told, memory)
    return deliveries


def tell_test(settings: NotifySettings) -> list[Delivery]:
    """Send every receiver a message that says that it is a test.

    Raises:
        SettingsError: There is no receiver, or one that apprise does not know.
    """
    if not settings.urls:
        raise SettingsError('no receiver; set notify.urls = ["mailto://..."] or CUMULUS_NOTIFY__URLS_FILE=FILE')
    body = f"This receiver will be told of: {', '.join(settings.on)}."
    return [_send(receiver, "Cumulus: a test", body) for receiver in receivers(settings).values()]


def receivers(settings: NotifySettings) -> dict[str, NotifyBase]:
    """The receivers by a hash of their addresses.

    Raises:
        SettingsError: An address is none that apprise knows; the message says which, not how it reads.
    """
    from apprise import Apprise, AppriseAsset

    # a POST that is redirected becomes a GET, and a login page's 200 would count as taken
    asset = AppriseAsset(app_id="Cumulus", secure_logging=True, http_redirects=False)
    made = {}
    for place, secret in enumerate(settings.urls):
        url = secret.get_secret_value()
        with warnings.catch_warnings():
            # the first address loads apprise's plugins, one of which uses this
            warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
            receiver = Apprise.instantiate(url, asset=asset)
        if receiver is None:
            raise SettingsError(f"notify.urls[{place}] is no address that apprise knows, such as mailto:// or json://")
        made[hashlib.sha256(url.encode()).hexdigest()[:16]] = receiver
    return made


def _failures(state: Mapping[str, Any]) -> Iterator[Fact]:
    health = state["health"]
    if health["status"] == "failed":
        yield Fact("failure", "night", health["message"].partition(": ")[2], health["message"])
    for step in state["runs"][0]["steps"] if state["runs"] else ():
        if step["status"] == "failed" and state["runs"][0]["status"] != "failed":
            reason = step["message"].partition("\n")[0]
            text = f"the night came out without the step {step['name']}: {reason}"
            yield Fact("failure", f"step {step['name']}", reason, text)


def _lateness(state: Mapping[str, Any]) -> Iterator[Fact]:
    for item in state["indicators"]:
        if item["days_late"]:
            yield Fact("late", item["indicator"], item["due_period"], f"{item['indicator']}: {item['note']}")


def _surprises(state: Mapping[str, Any]) -> Iterator[Fact]:
    for line in state["alarms"]:
        kind, _, text = line.partition(": ")
        if kind == "surprise":
            yield Fact("surprise", text.partition(" came in")[0], "", text)


def _champions(state: Mapping[str, Any]) -> Iterator[Fact]:
    for one in state["champions"]["last"]:
        text = f"{one['indicator']}: {one['model']} instead of {one['before']} ({one['reason']})"
        yield Fact("champion", one["indicator"], f"{one['day']} {one['model']}", text)


def _quarantine(state: Mapping[str, Any]) -> Iterator[Fact]:
    for source, rows in state["quarantine"]["rows"].items():
        text = f"{source}: {rows} row{'s' * (rows > 1)} by now; cumulus status shows the last ones"
        yield Fact("quarantine", source, str(rows), text)


def _is_news(fact: Fact, before: Mapping[str, str]) -> bool:
    last = before.get(fact.key)
    if fact.event == "quarantine":
        return int(fact.value) > int(last or 0)
    return last != fact.value


def _title(news: Sequence[Fact]) -> str:
    if news[0].event == "failure":
        return "Cumulus: a failure"
    return f"Cumulus: {len(news)} thing{'s' * (len(news) > 1)} to know"


def _body(news: Iterable[Fact]) -> str:
    kinds: dict[Event, list[str]] = {}
    for fact in news:
        kinds.setdefault(fact.event, []).append(fact.text)
    parts = []
    for event, texts in kinds.items():
        more = [f"- and {len(texts) - SHOWN} more; cumulus status has them all"] if len(texts) > SHOWN else []
        parts.append("\n".join([f"{HEADINGS[event]}:", *(f"- {text}" for text in texts[:SHOWN]), *more]))
    return "\n\n".join(parts)


def _send(receiver: NotifyBase, title: str, body: str, event: Event | None = None) -> Delivery:
    from apprise import NotifyFormat, NotifyType

    kind = NotifyType.FAILURE if event == "failure" else NotifyType.INFO
    taken = bool(receiver.notify(title=title, body=body, notify_type=kind, body_format=NotifyFormat.TEXT))
    shown = str(receiver.url(privacy=True)).partition("?")[0]  # type: ignore[no-untyped-call]
    if taken:
        _logger.info("%s was told: %s", shown, title)
    else:
        _logger.warning("%s could not be told: %s", shown, title)
    return Delivery(shown, taken)


def _recall(memory: Path) -> dict[str, dict[str, str]]:
    try:
        known = json.loads(memory.read_bytes())
        return {str(name): {str(key): str(value) for key, value in told.items()} for name, told in known.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):
        _logger.warning("%s cannot be read as what was told; everything that is true now is told anew", memory)
        return {}


def _remember(told: Mapping[str, Mapping[str, str]], memory: Path) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    part = memory.with_name(f".{memory.name}.{os.getpid()}.part")
    part.write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    part.replace(memory)
