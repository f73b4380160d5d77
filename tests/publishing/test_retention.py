import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forecasting.errors import PublishError
from forecasting.publishing import TABLES, prune, read_release
from forecasting.publishing._package import describe
from forecasting.publishing._release import place
from forecasting.publishing._shelf import shelf
from forecasting.publishing._staging import Content

CSV = ",".join(column.name for column in TABLES["indicators"].columns).encode() + b"\n"


def put(root: Path, name: str, as_of: str) -> Path:
    """A release of hardly anything."""
    files = {
        "indicators.csv": CSV,
        "page/index.html": b"x",
        "datapackage.json": describe(
            {"indicators": Content.of(CSV)}, {"page/index.html": Content.of(b"x")}, run_id=name
        ),
        "provenance.json": json.dumps({"run_id": name, "as_of": as_of}).encode(),
    }
    return place(files, root=root, run_id=name)


def names(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "releases").iterdir())


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases a month from January to June, the last day's made twice."""
    folder = tmp_path_factory.mktemp("full")
    for month in range(1, 7):
        for day in (10, 20):
            put(folder, f"2026-{month:02d}-{day}-a", f"2026-{month:02d}-{day}")
    put(folder, "2026-06-20-0", "2026-06-20")
    return folder


@pytest.fixture
def root(full: Path, tmp_path: Path) -> Path:
    """The same, to be thinned."""
    return shutil.copytree(full, tmp_path / "published", symlinks=True)


def test_the_last_releases_and_the_last_of_each_month_stay(root):
    gone = prune(root, keep=3, keep_months=4)
    assert names(root) == [
        "2026-03-20-a",
        "2026-04-20-a",
        "2026-05-20-a",
        "2026-06-10-a",
        "2026-06-20-0",
        "2026-06-20-a",
    ]
    assert gone == ["2026-01-10-a", "2026-01-20-a", "2026-02-10-a", "2026-02-20-a", "2026-03-10-a", "2026-04-10-a",
                    "2026-05-10-a"]  # fmt: skip
    assert prune(root, keep=3, keep_months=4) == []


def test_of_two_releases_of_a_day_the_one_published_later_is_the_last(root):
    assert [one.name for one in shelf(root)][-2:] == ["2026-06-20-a", "2026-06-20-0"]
    prune(root, keep=2, keep_months=1)
    assert names(root) == ["2026-06-20-0", "2026-06-20-a"]


def test_what_latest_points_to_and_what_is_protected_stay(root):
    put(root, "2025-12-31-backfill", "2025-12-31")
    prune(root, keep=2, keep_months=0, protect=["2026-02-10-a"])
    assert names(root) == ["2025-12-31-backfill", "2026-02-10-a", "2026-06-20-0", "2026-06-20-a"]
    assert (root / "latest").resolve().name == "2025-12-31-backfill"


def test_a_folder_that_is_no_release_is_left_alone(root):
    (root / "releases" / "notes").mkdir()
    (root / "releases" / "broken").mkdir()
    (root / "releases" / "broken" / "provenance.json").write_text("{")
    prune(root, keep=2, keep_months=0)
    assert names(root) == ["2026-06-20-0", "2026-06-20-a", "broken", "notes"]


def test_a_reader_in_the_middle_of_a_release_that_goes_keeps_what_it_has_open_and_finds_the_rest_absent(root):
    folder = root / "releases" / "2026-01-10-a"
    with (folder / "indicators.csv").open("rb") as file:
        prune(root, keep=2, keep_months=0)
        assert file.read() == CSV
    assert not folder.exists()
    with pytest.raises(PublishError, match="no release to read"):
        read_release(folder)


READER = """
import json, sys
from pathlib import Path
from forecasting.errors import PublishError
from forecasting.publishing import read_release
releases = Path(sys.argv[1])
print("ready", flush=True)
read = 0
while list(releases.glob("2026-01-*")):
    for folder in releases.glob("2026-*"):
        try:
            assert list(read_release(folder)) == ["indicators"]
            read += 1
        except PublishError as error:
            assert "no release to read" in str(error), error
            assert not folder.exists()
print(read)
"""


def test_a_reader_of_releases_that_are_removed_finds_each_whole_or_not_at_all(root):
    command = [sys.executable, "-c", READER, str(root / "releases")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        for round_ in range(4):
            for day in range(1, 6):
                put(root, f"2026-02-{day:02d}-{round_}", f"2026-02-{day:02d}")
            prune(root, keep=2, keep_months=0, protect=["2026-01-10-a"])
        prune(root, keep=2, keep_months=0)
        assert int(reader.stdout.read()) > 0
    assert reader.returncode == 0


def test_what_a_crash_left_half_removed_goes_with_the_next_release(root):
    hidden = root / "releases" / ".removed-2026-01-10-a"
    shutil.move(root / "releases" / "2026-01-10-a", hidden)
    (hidden / "indicators.csv").unlink()
    put(root, "2026-07-10-a", "2026-07-10")
    assert not hidden.exists()


def test_a_release_that_cannot_be_removed_is_said(root):
    (root / "releases" / ".removed-2026-01-10-a").write_text("in the way")
    with pytest.raises(PublishError, match=r"old releases under .* cannot be removed"):
        prune(root, keep=2, keep_months=0)
