import dataclasses
import datetime as dt
import filecmp
import os
import pickle
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.decumulation import decumulate
from forecasting.evaluation import Paths, Recipe
from forecasting.models import MODELS
from forecasting.outlook import make_outlook
from forecasting.projection import simulate
from forecasting.settings import FitSettings, Settings, SourceSettings, StageSettings
from forecasting.store import Store
from jobs import stages as module
from jobs.encoding import StageFileError, decode, encode
from jobs.ledger import Ledger
from jobs.nightly import run_night
from jobs.singly import do_steps
from jobs.stages import KEPT, Stages

NIGHT = dt.datetime(2025, 1, 20, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
ENTRY = """
[[indicator]]
id = "{id}"
title_en = "Made up, {id}"
title_zh = "虚构 {id}"
region = "CN"
sector = "industry"
unit = "index"
role = "context"
family = "{id}"
{related}source = {{ connector = "file" }}
publisher = "Made up"
release = {{ lag = 1, day = 16, time = "10:00", no_january_since = 2009 }}
"""


def figures(name: str, seed: int, months: range) -> pd.DataFrame:
    """Cumulative rates of 2019 to 2024."""
    rng = np.random.default_rng(seed)
    level = np.exp(0.005 * np.arange(84) + 0.02 * rng.standard_normal(84)).reshape(7, 12)
    total = level.cumsum(axis=1)
    rate = np.round(100 * (total[1:] / total[:-1] - 1), 1).ravel()
    rows = [(name, f"{2019 + t // 12}-{t % 12 + 1:02d}", "ytd_yoy", rate[t], "percent") for t in months if t % 12]
    return pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])


def settings(home: Path, **changes) -> Settings:
    small = {
        "fit": FitSettings(preset="fast", origins=4, draws=100, horizon=6, workers=1),
        "sources": SourceSettings(pull=("file",)),
    }
    return Settings(**{"home": home, "catalog": home / "catalog.toml", **small, **changes})


def night(home: Path, days: int = 0, **kwargs):
    return run_night(settings(home), clock=lambda: NIGHT + dt.timedelta(days=days), **kwargs)


def steps(home: Path, run_id: str) -> dict[str, str]:
    """What the ledger says was done in the steps of a run."""
    with Store.open(settings(home).store) as store:
        return {step.name: step.message or step.status for step in Ledger(store.engine).steps(run_id)}


def same_tables(one: Path, two: Path) -> bool:
    names = sorted(path.name for path in one.glob("*.csv"))
    return len(names) > 10 and filecmp.cmpfiles(one, two, names, shallow=False)[0] == names


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home in which one night was done: three that stand alone, and one that leans on the first of them."""
    path = tmp_path_factory.mktemp("home")
    names = {"iron": "", "coal": "", "salt": "", "village": 'related = "iron"\n'}
    text = "".join(ENTRY.format(id=name, related=related) for name, related in names.items())
    (path / "catalog.toml").write_text(text, encoding="utf-8")
    drop = path / "var" / "drop"
    drop.mkdir(parents=True)
    dense = [figures(name, seed, range(72)) for seed, name in enumerate(["iron", "coal", "salt"])]
    pd.concat([*dense, figures("village", 9, range(47, 72, 12))]).to_csv(drop / "figures.csv", index=False)
    return path, night(path)


def copied(home, tmp_path: Path, revised: str = "") -> Path:
    """Another home in the same state, in which the last figure of an indicator is revised."""
    path = tmp_path / "home"
    shutil.copytree(home[0], path, symlinks=True)
    if revised:
        row = figures(revised, ["iron", "coal", "salt"].index(revised), range(71, 72))
        row.assign(value=(row["value"] + 0.4).round(1)).to_csv(path / "var" / "drop" / "revised.csv", index=False)
    return path


def test_a_night_without_news_fits_nothing(home, tmp_path):
    assert steps(home[0], home[1].run_id)["fit"] == "3 computed, 0 kept from before"
    path = copied(home, tmp_path)
    result = night(path, days=1)
    assert not result.repeated
    assert result.status == "done"
    done = steps(path, result.run_id)
    # the champions of the first night forecast from now on, which is a choice, not a fit
    assert (done["derive"], done["fit"]) == (KEPT, "0 computed, 7 kept from before")


def test_a_night_without_news_leaves_the_release_in_place_until_there_is_some(home, tmp_path):
    path = copied(home, tmp_path)
    made = night(path, days=1)  # of the champions of the first night
    idle = night(path, days=2)
    assert (idle.run_id, idle.status, idle.release, idle.repeated) == (made.run_id, "done", made.release, True)
    assert night(path, days=2).status == "done"
    with Store.open(settings(path).store) as store:
        last, before = Ledger(store.engine).last(2)
    assert (last.run_id, last.night, last.message) == (
        made.run_id, "2025-01-22", "no news since 2025-01-21; the release stands"
    )  # fmt: skip
    assert (before.night, last.attempt) == ("2025-01-21", 2)
    releases = path / "var" / "published" / "releases"
    assert sorted(one.name for one in releases.iterdir()) == sorted([home[1].run_id, made.run_id])
    asked = night(path, days=2, as_of=dt.date(2025, 1, 22))  # by whoever wants the release of a day
    assert (asked.repeated, asked.run_id[:10]) == (False, "2025-01-22")
    assert night(path, days=3, force=True).run_id.startswith("2025-01-23")
    row = figures("coal", 1, range(71, 72))
    row.assign(value=(row["value"] + 0.4).round(1)).to_csv(path / "var" / "drop" / "revised.csv", index=False)
    assert not night(path, days=4).repeated


def test_a_night_that_was_published_elsewhere_is_none_that_the_next_one_is_compared_with(home, tmp_path):
    path = copied(home, tmp_path)
    made = night(path, days=1)
    elsewhere = night(path, days=2, output=tmp_path / "elsewhere")
    assert elsewhere.release.is_relative_to(tmp_path / "elsewhere")
    idle = night(path, days=3)
    assert (idle.run_id, idle.release, idle.repeated) == (made.run_id, made.release, True)


def test_a_night_that_was_degraded_is_made_again(home, tmp_path):
    path = copied(home, tmp_path)
    night(path, days=1)
    bad = path / "var" / "drop" / "bad.csv"
    bad.write_text("indicator,period,measure,value,unit\ncoal,2024-12,ytd_yoy,plenty,percent\n", encoding="utf-8")
    nights = [night(path, days=days) for days in (2, 3, 4)]
    assert [(one.status, one.repeated) for one in nights] == [("degraded", False), ("done", False), ("done", True)]


def test_a_changed_figure_fits_what_depends_on_it_alone_and_gives_the_tables_of_a_night_without_cache(home, tmp_path):
    path = copied(home, tmp_path / "one", revised="coal")
    result = night(path, days=1)
    done = steps(path, result.run_id)
    assert done["derive"] == "1 computed, 3 kept from before"
    assert done["fit"] == "1 computed, 2 kept from before"  # the village goes on from draws, without a fit
    bare = copied(home, tmp_path / "other", revised="coal")
    shutil.rmtree(bare / "var" / "stages")
    again = night(bare, days=1)
    assert steps(bare, again.run_id)["fit"] == "3 computed, 0 kept from before"
    assert same_tables(result.release, again.release)


def test_what_leans_on_a_changed_indicator_or_is_of_its_family_is_recovered_anew_and_nothing_else(tmp_path):
    teacher = figures("teacher", 1, range(72)).assign(family="f")
    both = pd.concat([teacher, teacher.assign(measure="month_yoy")])
    pupil, alone = figures("pupil", 2, range(72)).assign(family="f"), figures("alone", 3, range(72)).assign(family="")
    sparse = figures("sparse", 4, range(47, 72, 12)).assign(family="")

    def made(*frames: pd.DataFrame) -> int:
        cache = Stages(tmp_path, 100)
        table = pd.concat(frames, ignore_index=True)
        found = decumulate(table, related={"sparse": "alone"}, draws=50, short=True, keep=cache)
        plain = decumulate(table, related={"sparse": "alone"}, draws=50)
        pd.testing.assert_frame_equal(found.monthly, plain.monthly)
        return cache.made.total()

    def revised(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(value=frame["value"].where(frame["period"] != "2024-12", (frame["value"] + 0.3).round(1)))

    assert made(both, pupil, alone, sparse) == 4
    assert made(both, pupil, alone, sparse) == 0
    assert made(both, revised(pupil), alone, sparse) == 1
    assert made(revised(both), pupil, alone, sparse) == 2  # and the pupil, which learns its profile from it
    assert made(both, pupil, revised(alone), sparse) == 2  # and the sparse one, which leans on it


def test_force_computes_everything_anew(home, tmp_path):
    path = copied(home, tmp_path)
    lines = do_steps(settings(path), ["fit"], as_of=dt.date(2025, 1, 20), force=True)
    assert lines == ["fit: 4 indicators forecast, 3 by models of their own (7 computed, 0 kept from before)"]


def test_damaged_and_foreign_files_are_said_and_made_again(home, tmp_path):
    path = copied(home, tmp_path)
    files = sorted((path / "var" / "stages").glob("*/*"))
    for n, file in enumerate(files):
        if n % 3 == 0:
            content = bytearray(file.read_bytes())
            content[-1] ^= 1
            file.write_bytes(content)
        elif n % 3 == 1:
            file.write_bytes(pickle.dumps({"a": 1}))
        else:
            shutil.copy(files[0], file)
    lines = do_steps(settings(path), ["derive", "fit"], as_of=dt.date(2025, 1, 20))
    faults = [line for line in lines if line.startswith("stage cache:")]
    assert len(faults) == len(files)
    assert {line.partition("it ")[2] or line for line in faults} <= {
        "is no file of this cache",
        "is of another name",
    } | {line for line in faults if line.endswith("its checksum is wrong")}
    assert lines[0] == "derive: 4 indicators, 0 flags (4 computed, 0 kept from before)"
    again = do_steps(settings(path), ["derive", "fit", "project"], as_of=dt.date(2025, 1, 20))
    assert again[:2] == [f"derive: 4 indicators, 0 flags ({KEPT})",
                         f"fit: 4 indicators forecast, 3 by models of their own ({KEPT})"]  # fmt: skip
    assert "follow none of the catalogue's indicators" in again[2]


def test_the_cache_keeps_to_its_size_and_loses_what_was_not_used_for_longest(tmp_path):
    cache = Stages(tmp_path, 1)
    keys = [cache.key(decumulate, (n,)) for n in range(6)]
    for n, key in enumerate(keys):
        cache.save(key, decumulate, np.full(2**15, float(n)))  # a quarter of a megabyte
        os.utime(tmp_path / key[:2] / key, (n, n))
    assert cache.load(keys[0], decumulate)[0] == 0.0
    assert cache.trim() <= 2**20
    left = [Stages(tmp_path, 1).load(key, decumulate) is not None for key in keys]
    assert left == [True, False, False, False, True, True]


def test_a_folder_that_cannot_be_written_costs_no_night(tmp_path):
    (tmp_path / "stages").write_text("in the way", encoding="utf-8")
    cache = Stages(tmp_path / "stages", 1)
    assert cache.once(decumulate, (1,), lambda: 5) == (5, "computed")
    assert "nothing more is kept tonight" in cache.faults[-1]


def test_what_is_kept_comes_back_to_the_last_bit():
    frame = pd.DataFrame(
        {"a": ["x", None], "b": pd.array([1, None], dtype="Int64"), "c": [0.1, np.nan], "d": [True, False], "e": [2, 3]}
    )  # fmt: skip
    paths = Paths(
        np.arange(3), np.arange(3), np.random.default_rng(0).random((3, 4)), np.full((2, 3, 4), np.nan),
        np.zeros((2, 4)), (("theta", 9, "too short"),), np.array([9, 12]),
    )  # fmt: skip
    value = {"frame": frame, "list": [1, 0.1, "é", None, True], "paths": paths, "nan": float("nan")}
    found = decode("k", encode("k", value))
    pd.testing.assert_frame_equal(found["frame"], frame)
    assert found["list"] == value["list"]
    for field in dataclasses.fields(Paths):
        np.testing.assert_array_equal(getattr(found["paths"], field.name), getattr(paths, field.name))
    assert type(found["paths"].failures) is tuple
    assert np.isnan(found["nan"])


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np.array([object()]),
        {1: 2},
        lambda: 0,
        pd.DataFrame({"a": ["x", 1]}),
        pd.DataFrame({"a": [1.0]}, index=[1]),
        pd.DataFrame({"a": pd.to_datetime(["2024-01-01"])}),
    ],
)
def test_what_has_no_safe_form_is_not_kept(value):
    with pytest.raises(TypeError):
        encode("k", value)


def test_a_file_under_another_name_is_refused():
    with pytest.raises(StageFileError, match="of another name"):
        decode("b", encode("a", 1))


def test_a_name_follows_from_every_bit_of_the_arguments(tmp_path):
    cache = Stages(tmp_path, 1)
    values = [1, 1.0, True, "1", None, [1], np.array([1.0]), np.array([np.nextafter(1.0, 2)]), np.array([[1.0]]),
              {"a": 1}, {"b": 1}, {"a": 2}, {}, ["ab", "c"], ["a", "bc"], pd.DataFrame({"a": [1.0]}),
              pd.DataFrame({"b": [1.0]}), pd.DataFrame({"a": [2.0]}), pd.DatetimeIndex(["2024-01-31"]),
              pd.DatetimeIndex(["2024-02-29"]), np.random.SeedSequence(1), np.random.SeedSequence(2),
              np.random.SeedSequence(1).spawn(1)[0], MODELS["no_change"], MODELS["last_year"],
              Recipe(("a",), (1,), (), ()), Recipe(("a",), (2,), (), ())]  # fmt: skip
    names = {cache.key(decumulate, (value,)) for value in values}
    assert len(names) == len(values)
    assert cache.key(make_outlook, (1,)) != cache.key(decumulate, (1,))


def test_a_name_is_the_same_in_every_process(tmp_path):
    names = "from forecasting.decumulation import decumulate; from jobs.stages import Stages; from pathlib import Path"
    code = f"{names}; print(Stages(Path(), 1).key(decumulate, (1,)))"
    environment = {**os.environ, "PYTHONPATH": str(module.HOME), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == Stages(tmp_path, 1).key(decumulate, (1,))


def test_a_path_that_was_hashed_is_not_held(tmp_path):
    table = figures("iron", 0, range(72)).assign(family="")
    path, other = (decumulate(table, draws=50, seed=seed).paths["iron"] for seed in (0, 1))
    cache = Stages(tmp_path, 1)
    assert cache.key(decumulate, (path,)) != cache.key(decumulate, (other,))
    assert cache.key(decumulate, (path,)) == cache.key(decumulate, (path,)) != cache.key(decumulate, (1,))
    gone = weakref.ref(path)
    del path
    assert gone() is None


def test_a_stage_depends_on_the_code_that_it_runs_and_on_no_other(tmp_path, monkeypatch):
    for name in ("forecasting", "jobs"):
        shutil.copytree(module.HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "README.md").write_text("one", encoding="utf-8")
    monkeypatch.setattr(module, "HOME", tmp_path)

    def hashes() -> list[str]:
        module._code.cache_clear()
        return [module._code(function.__module__) for function in (decumulate, make_outlook, simulate)]

    before = hashes()
    for file in (
        "README.md",
        "jobs/nightly.py",
        "forecasting/publishing/_render.py",
        "forecasting/tracking/_tracker.py",
    ):
        with (tmp_path / file).open("a", encoding="utf-8") as text:
            text.write("\n# more\n")
    assert hashes() == before
    with (tmp_path / "forecasting/models/_theta.py").open("a", encoding="utf-8") as text:
        text.write("\n# more\n")
    after = hashes()
    assert [one == two for one, two in zip(before, after, strict=True)] == [True, False, True]
    module._code.cache_clear()


def test_the_size_of_the_cache_is_a_setting():
    assert StageSettings(max_mb=5).max_mb == 5
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        StageSettings(max_mb=0)
