import os
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from forecasting.errors import SettingsError
from forecasting.places import sqlite_file
from forecasting.settings import load_settings


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CUMULUS_HOME", str(tmp_path))
    return tmp_path


def test_run_time_files_live_under_the_home_folder(home):
    settings = load_settings()
    assert settings.var == home / "var"
    assert settings.store == f"sqlite:///{home}/var/cumulus.db"
    assert settings.tracking == f"sqlite:///{home}/mlruns/mlflow.db"


def test_variables_win_over_the_file_and_the_file_over_defaults(home, monkeypatch):
    (home / "cumulus.toml").write_text("seed = 5\n[fit]\norigins = 6\ndraws = 300\n", encoding="utf-8")
    monkeypatch.setenv("CUMULUS_FIT__DRAWS", "400")
    settings = load_settings()
    assert (settings.seed, settings.fit.origins, settings.fit.draws) == (5, 6, 400)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sed = 5\n", "sed: unknown key; did you mean seed?"),
        ("[fit]\norigin = 6\n", "fit.origin: unknown key; did you mean origins"),
        ("[sources.http]\nnothing = 6\n", "sources.http.nothing: unknown key; known are connect_s, read_s"),
        ("[fit]\norigins = 1\n", "fit.origins: Input should be greater"),
        ("seed = \n", "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(home, text, expected):
    (home / "cumulus.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"cumulus\.toml") as caught:
        load_settings()
    assert expected in str(caught.value)


def test_a_byte_order_mark_does_no_harm_and_another_charset_is_said(home):
    (home / "cumulus.toml").write_bytes(b"\xef\xbb\xbfseed = 5\r\n")
    assert load_settings().seed == 5
    (home / "cumulus.toml").write_bytes('catalog = "钢铁.toml"'.encode("gb18030"))
    with pytest.raises(SettingsError, match=r"cumulus\.toml: not TOML in UTF-8"):
        load_settings()


def test_a_home_whose_path_is_not_utf_8_is_refused_with_its_place(tmp_path, monkeypatch):
    for name in (b"caf\xe9", b"caf\xe9/cumulus"):
        folder = tmp_path / os.fsdecode(name)
        folder.mkdir()
        monkeypatch.setenv("CUMULUS_HOME", str(folder))
        with pytest.raises(SettingsError, match=r"bytes that are not UTF-8.*; rename the folder") as caught:
            load_settings()
        assert str(folder / "cumulus.toml") in str(caught.value)


def test_a_file_that_cannot_be_read_is_said(home):
    (home / "cumulus.toml").symlink_to("/proc/self/mem")
    with pytest.raises(SettingsError, match=r"cumulus\.toml: cannot be read: .*Input/output error"):
        load_settings()


PATHS = """
catalog = "my_catalog.toml"
calendar = "/etc/dates.toml"
store_url = "sqlite:///var/x.db?timeout=30"
tracking_uri = "sqlite+pysqlite:///mlruns/y.db"
[projection]
assumptions = "my/assumptions.toml"
[sources]
drop_folder = "drop"
review = "../review.csv"
[sources.http]
ca_bundle = "ca.pem"
[metrics]
textfile = "cumulus.prom"
"""


@pytest.mark.parametrize("name", ["home", "no. #1", "A%41?包"])
def test_paths_in_the_file_are_relative_to_its_folder_and_those_in_variables_to_the_current_one(
    home, tmp_path_factory, monkeypatch, name
):
    own = home / name
    own.mkdir()
    (own / "cumulus.toml").write_text(PATHS, encoding="utf-8")
    monkeypatch.setenv("CUMULUS_HOME", str(own))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    settings = load_settings()
    assert settings.catalog == own / "my_catalog.toml"
    assert settings.calendar == Path("/etc/dates.toml")
    assert settings.projection.assumptions == own / "my" / "assumptions.toml"
    assert settings.drop == own / "drop"
    assert settings.review.resolve() == home / "review.csv"
    assert settings.sources.http.ca_bundle == own / "ca.pem"
    assert settings.metrics.textfile == own / "cumulus.prom"
    assert make_url(settings.store) == make_url("sqlite:///?timeout=30").set(database=str(own / "var" / "x.db"))
    assert sqlite_file(settings.tracking) == own / "mlruns" / "y.db"
    monkeypatch.setenv("CUMULUS_CATALOG", "theirs.toml")
    monkeypatch.setenv("CUMULUS_STORE_URL", "sqlite:///x.db")
    settings = load_settings()
    assert (settings.catalog, settings.store) == (Path("theirs.toml"), "sqlite:///x.db")


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:///:memory:", "sqlite://", "sqlite:////srv/x.db", "postgresql://u@h/d", "http://h:5000", "./mlruns",
        "sqlite:///file:x.db?uri=true",
    ],
)  # fmt: skip
def test_other_addresses_stay_as_they_are_written(home, address):
    (home / "cumulus.toml").write_text(f'store_url = "{address}"\n', encoding="utf-8")
    assert load_settings().store == address


@pytest.mark.parametrize("text", ["catalog = 5\n", "sources = 5\n", "sources = { http = [] }\n"])
def test_a_path_of_the_wrong_type_is_refused_as_others_are(home, text):
    (home / "cumulus.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"cumulus\.toml.*(catalog|sources|http): "):
        load_settings()


def test_an_unknown_variable_is_refused(monkeypatch):
    monkeypatch.setenv("CUMULUS_SED", "5")
    with pytest.raises(SettingsError, match="unknown variable CUMULUS_SED"):
        load_settings()


def test_a_password_in_a_url_does_not_show(home):
    (home / "cumulus.toml").write_text('store_url = "postgresql://u:secret@localhost/d"\n', encoding="utf-8")
    settings = load_settings()
    assert "secret" not in repr(settings)
    assert settings.store.endswith("u:secret@localhost/d")
