import pytest

from forecasting.errors import SettingsError
from forecasting.secrets import redacted
from forecasting.settings import load_settings


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CUMULUS_HOME", str(tmp_path))
    return tmp_path


def write(home, text):
    file = home / "secret"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_secret_comes_from_the_file_that_a_variable_names(home, monkeypatch):
    (home / "cumulus.toml").write_text("[sources.http]\nread_s = 7\n", encoding="utf-8")
    monkeypatch.setenv("CUMULUS_STORE_URL_FILE", write(home, "postgresql://u:p@h/d\n"))
    monkeypatch.setenv("CUMULUS_SOURCES__HTTP__PROXY_FILE", write(home, "postgresql://u:p@h/d\n"))
    settings = load_settings()
    assert settings.store == "postgresql://u:p@h/d"
    assert settings.sources.http.proxy.get_secret_value() == "postgresql://u:p@h/d"
    assert settings.sources.http.read_s == 7


def test_several_secrets_stand_on_a_line_each(home, monkeypatch):
    monkeypatch.setenv("CUMULUS_NOTIFY__URLS_FILE", write(home, "# who\njson://a\n\njson://b\n"))
    assert [url.get_secret_value() for url in load_settings().notify.urls] == ["json://a", "json://b"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"CUMULUS_STORE_URL_FILE": "x", "CUMULUS_STORE_URL": "y"},
            "both CUMULUS_STORE_URL and CUMULUS_STORE_URL_FILE",
        ),
        ({"CUMULUS_STORE_URL_FILE": "/none"}, "/none: cannot be read: No such file"),
        ({"CUMULUS_SEED_FILE": "/none"}, "unknown variable CUMULUS_SEED_FILE"),
        ({"CUMULUS_FIT__DRAWS_FILE": "/none"}, "fit.draws_file: unknown key; did you mean draws"),
        ({"CUMULUS_NOTIFY__URLS": "json://h:hunter2@x"}, 'field "notify".*lists and tables are written as JSON'),
    ],
)
def test_what_is_ambiguous_missing_or_no_secret_is_refused(monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=expected) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_a_file_of_no_or_too_many_lines_is_refused(home, monkeypatch):
    monkeypatch.setenv("CUMULUS_TRACKING_URI_FILE", write(home, "\n"))
    with pytest.raises(SettingsError, match="0 lines; expected one"):
        load_settings()
    write(home, "one\ntwo\n")
    with pytest.raises(SettingsError, match="2 lines; expected one"):
        load_settings()


@pytest.mark.parametrize(
    ("secret", "text", "expected"),
    [
        ("postgresql://u:p%40ss@h/d", "to postgresql://u:p%40ss@h/d by p%40ss, p@ss", "to *** by ***, ***"),
        ("http://u:hunter2@proxy:3128", "proxy u:hunter2@proxy:3128 at proxy", "proxy u:***@proxy:3128 at proxy"),
        ("postgresql://u:hunt[2xyz@h/d", "u, hunt[2xyz, postgresql://u:hunt[2xyz@h/d", "u, ***, ***"),
        ("http://u:hunter]2@proxy:3128", "by hunter]2", "by ***"),
        ("json://u:hunt[2xyz@h.org/hook/", "by hunt[2xyz", "by ***"),
        ("postgresql://u:hunt/2#[x@h/d", "by hunt/2#[x", "by ***"),
        ("postgresql://u:hunter2@h℀/d", "by hunter2", "by ***"),
        ("slack://AAAAAA/BBBBBB/CCCCCC", "POST /services/AAAAAA/BBBBBB/CCCCCC", "POST /services/***/***/***"),
        ("json://localhost/?token=abcdef", "token abcdef", "token ***"),
        ("postgresql://u@h/d?password=hunter2&sslpassword=key%2F1", "by hunter2, key/1", "by ***, ***"),
        (
            "postgresql://u:hunter2@h/d?sslmode=require&application_name=cumulus&host=/run/pg",
            "cumulus requires /run/pg",
            "cumulus requires /run/pg",
        ),
        ("sqlite:///mlruns/mlflow.db", "mlruns/mlflow.db is locked", "mlruns/mlflow.db is locked"),
    ],
)
def test_no_part_of_a_secret_shows_in_any_form(secret, text, expected):
    assert redacted(text, [secret]) == expected
