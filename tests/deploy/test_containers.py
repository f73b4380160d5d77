import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from forecasting.settings import load_settings
from jobs.cli import app

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "cumulus"]
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    """Folder of the secrets that the script makes."""
    folder = tmp_path_factory.mktemp("deploy")
    shutil.copy(DEPLOY / "make-secrets.sh", folder)
    (folder / "secrets").mkdir()
    subprocess.run(["sh", folder / "make-secrets.sh"], check=True, capture_output=True)
    return folder / "secrets"


def stages():
    """Instructions of each stage of the image, as (name, rest)."""
    found = []
    for line in CONTAINERFILE.splitlines():
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            found.append([])
        if found and name and not name.startswith("#"):
            found[-1].append((name, rest))
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert int(service["user"].partition(":")[0]) > 0
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert not {"privileged", "network_mode", "pid"} & set(service)
    assert "healthcheck" in service or service["image"] == "cumulus"


def test_everything_that_a_service_names_is_there(secrets):
    assert {path.name for path in secrets.iterdir()} == set(COMPOSE["secrets"])
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for source in (volume.partition(":")[0] for volume in service["volumes"]):
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
        if "build" in service:
            context = (DEPLOY / service["build"]["context"]).resolve()
            assert (context / service["build"]["dockerfile"]).is_file()
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("./secrets/")


@pytest.mark.parametrize("name", OURS)
def test_the_environment_of_a_service_makes_settings(name, secrets, monkeypatch):
    for variable, value in SERVICES[name]["environment"].items():
        assert isinstance(value, str)
        monkeypatch.setenv(variable, value.replace("/run/secrets", str(secrets)))
    settings = load_settings()
    password = (secrets / "postgres_password").read_text()
    assert settings.tracking == f"postgresql+psycopg://cumulus:{password}@postgres/mlflow"
    if "store_url" in SERVICES[name]["secrets"]:
        assert settings.store == f"postgresql://cumulus:{password}@postgres/cumulus"
    assert "CREATE DATABASE mlflow;" in (DEPLOY / "postgres" / "mlflow.sql").read_text(encoding="utf-8")


def test_secrets_that_are_there_stay_and_are_for_their_owner_alone(secrets):
    before = {path: path.read_bytes() for path in secrets.iterdir()}
    subprocess.run(["sh", secrets.parent / "make-secrets.sh"], check=True, capture_output=True)
    assert {path: path.read_bytes() for path in secrets.iterdir()} == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets.iterdir())


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_a_service_is_one_of_ours(name):
    assert CliRunner().invoke(app, [*SERVICES[name]["command"], "--help"]).exit_code == 0


def test_the_image_is_built_apart_and_runs_without_rights():
    build, last = stages()
    names = [name for name, _ in last]
    assert "pip install" in str(build)
    assert not re.search(r"\bpip\b|apt-get|curl|wget", str(last))
    assert dict(last)["USER"] == "10001:10001"
    assert names.index("USER") > max(place for place, name in enumerate(names) if name == "RUN")
    assert "cumulus status" in dict(last)["HEALTHCHECK"]
    assert dict(last)["ENTRYPOINT"] == '["cumulus"]'
    assert not re.search(r":latest|ADD |--privileged", CONTAINERFILE)
    assert "--constraint constraints.txt" in str(build)


def test_the_image_copies_what_is_there_and_nothing_else_gets_into_its_context():
    allowed = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source.strip("./") for name, rest in stages()[0] if name == "COPY" for source in rest.split()[:-1]}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    assert (ROOT / ".dockerignore").read_bytes() == (ROOT / ".containerignore").read_bytes()


def test_volumes_are_folders_of_the_image_that_its_user_owns():
    run = next(rest for name, rest in stages()[1] if name == "RUN")
    for service in (SERVICES[name] for name in OURS):
        for volume in service["volumes"]:
            assert volume.split(":")[1] in run.split()


@pytest.mark.parametrize("script", [DEPLOY / "make-secrets.sh"], ids=lambda path: path.name)
def test_scripts_may_be_run(script):
    assert os.access(script, os.X_OK)
