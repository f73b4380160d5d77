import configparser
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs.cli import app

UNITS = Path(__file__).parent.parent.parent / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
PROGRAM = "/opt/cumulus/bin/cumulus"
systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def section(unit, name="Service"):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(unit, encoding="utf-8")
    return parser[name]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.stem)
def test_a_service_starts_a_command_of_ours_as_nobody_in_particular(unit):
    service = section(unit)
    program, *arguments = service["ExecStart"].split()
    assert program == PROGRAM
    assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0
    assert service["User"] == "cumulus"
    assert service["CapabilityBoundingSet"] == ""
    assert service["ProtectSystem"] == "strict"


def test_the_night_may_be_degraded_and_has_its_timer():
    assert section(UNITS / "cumulus-night.service")["SuccessExitStatus"] == "3"
    assert section(UNITS / "cumulus-night.timer", "Timer")["Persistent"] == "yes"


@systemd
def test_systemd_takes_the_units_and_finds_little_to_attack(tmp_path):
    for unit in UNITS.iterdir():
        text = unit.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    units = sorted(map(str, tmp_path.iterdir()))
    verify = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for unit in (unit for unit in units if unit.endswith(".service")):
        rate = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit]
        assert subprocess.run(rate, capture_output=True, check=False).returncode == 0
