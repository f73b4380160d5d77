"""What the raw archive drops when it is thinned, and what a replay finds then."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forecasting.payloads import Payload
from forecasting.store import RawArchive

START = datetime(2026, 1, 1, tzinfo=UTC)


def payload(body: str, day: int, source: str = "file", address: str = "a.csv") -> Payload:
    return Payload(source, address, START + timedelta(days=day), body.encode())


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    """Three days of the same, then one that brought nothing, then another figure, then the same again; an import."""
    archive = RawArchive(tmp_path)
    for day, body in enumerate(["one", "one", "one", "noise", "two", "two"]):
        archive.keep([payload(body, day)])
    archive.keep([payload("noise", 6, source="import")])
    return archive


def test_old_repetitions_and_what_brought_nothing_are_dropped(archive: RawArchive, tmp_path: Path) -> None:
    used = {payload(body, 0).sha256 for body in ("one", "two")}
    assert archive.thin(START + timedelta(days=30), used) == 4
    left = list(archive.fetches())
    assert [archive.payload(fetch).body for fetch in left] == [b"one", b"two", b"noise"]
    assert [fetch.batch for fetch in left] == [1, 5, 7]
    assert len(list(tmp_path.rglob("*.gz"))) == 3
    assert archive.thin(START + timedelta(days=30), used) == 0
    archive.keep([payload("three", 7)])
    assert [fetch.batch for fetch in archive.fetches()][-1] == 8


def test_what_is_recent_stays_and_payloads_without_a_fetch_go(archive: RawArchive, tmp_path: Path) -> None:
    assert archive.thin(START, set()) == 0
    assert archive.thin(START + timedelta(days=5), set()) == 3
    assert [archive.payload(fetch).body for fetch in archive.fetches()] == [b"one", b"two", b"two", b"noise"]
    archive.keep([payload("three", 6)])
    assert archive.thin(START + timedelta(days=6), set()) == 2
    assert [archive.payload(fetch).body for fetch in archive.fetches()] == [b"one", b"noise", b"three"]
    assert len(list(tmp_path.rglob("*.gz"))) == 3


@pytest.mark.parametrize(
    ("fetched", "left"),
    [
        ("a:one a:noise a:one", "a:one a:noise a:one"),  # or the second would look like a repetition of the first
        ("a:one a:noise a:two", "a:one a:two"),
        ("a:one a:noise a:mist a:one", "a:one a:mist a:one"),
        ("a:one a:noise b:noise", "a:one a:noise b:noise"),
        ("a:one a:noise a:two b:noise", "a:one a:noise a:two b:noise"),  # of which a replay would take b for news
    ],
)
def test_what_brought_nothing_stays_where_a_replay_reads_others_by_it(tmp_path: Path, fetched: str, left: str) -> None:
    archive = RawArchive(tmp_path)
    for day, each in enumerate(fetched.split()):
        address, _, body = each.partition(":")
        archive.keep([payload(body, day, address=address)])
    archive.thin(START + timedelta(days=30), {payload(body, 0).sha256 for body in ("one", "two")})
    told = [f"{fetch.address}:{archive.payload(fetch).body.decode()}" for fetch in archive.fetches()]
    assert told == left.split()


def test_what_a_crash_left_half_written_is_cleared(archive: RawArchive, tmp_path: Path) -> None:
    left = tmp_path / "ab" / ".abc.gz.1.part"
    left.parent.mkdir()
    left.write_bytes(b"half")
    archive.keep([payload("three", 8)])
    assert not left.exists()


def test_the_first_line_that_a_crash_cut_off_is_dropped_and_the_next_batch_is_the_first(tmp_path: Path) -> None:
    (tmp_path / "fetches.jsonl").write_bytes(b'{"address": "a.c')
    archive = RawArchive(tmp_path)
    for day in (0, 1):
        archive.keep([payload("one", day)])
    assert [(fetch.batch, fetch.fetched_at) for fetch in archive.fetches()] == [
        (1, START), (2, START + timedelta(days=1)),
    ]  # fmt: skip


def test_payloads_are_on_the_disk_with_their_names_before_the_list_names_them_and_the_list_before_they_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, fsync, flushed = RawArchive(tmp_path), os.fsync, list[str]()

    def noting(handle: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        listed = len(list(archive.fetches()))
        flushed.append(f"{path.relative_to(tmp_path)} {listed} listed, {len(list(tmp_path.rglob('*.gz')))} kept")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    archive.keep([payload("one", 0)])
    sha256 = payload("one", 0).sha256
    part = f"{sha256[:2]}/.{sha256}.gz.{os.getpid()}.part"
    assert flushed == [
        f"{part} 0 listed, 0 kept", f"{sha256[:2]} 0 listed, 1 kept", ". 0 listed, 1 kept",
        "fetches.jsonl 1 listed, 1 kept",
    ]  # fmt: skip
    archive.keep([payload("noise", 1)])
    archive.keep([payload("two", 2)])
    flushed.clear()
    archive.thin(START + timedelta(days=30), {sha256})
    assert flushed == [f".fetches.jsonl.{os.getpid()}.part 3 listed, 3 kept", ". 2 listed, 3 kept"]
