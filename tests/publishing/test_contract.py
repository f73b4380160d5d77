import copy
import json
from collections.abc import Callable

import pytest

from forecasting.publishing import SCHEMA_VERSION
from tests.publishing.contract import breaks, contract, released, version


@pytest.mark.parametrize("old", released())
def test_nothing_that_a_released_dictionary_promised_has_changed(old):
    assert breaks(released()[old], contract()) == []


def test_the_version_of_the_dictionary_rises_when_the_dictionary_changes():
    last, before = list(released().items())[-1]
    now = json.loads(json.dumps(contract()))
    if now == before:
        assert last == SCHEMA_VERSION
    else:
        assert version(SCHEMA_VERSION) > version(last), f"the dictionary differs from that of {last}: raise its version"


def _rename(table: dict) -> None:
    table["columns"]["growth"] = table["columns"].pop("yoy")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda a: a.pop("monthly"), "table monthly is gone"),
        (lambda a: _rename(a["monthly"]), "monthly.yoy is gone"),
        (lambda a: a["monthly"]["columns"]["yoy"].update(type="string"), "monthly.yoy: type number became string"),
        (lambda a: a["monthly"]["columns"]["yoy"].update(unit="share"), "monthly.yoy: unit percent became share"),
        (lambda a: a["monthly"]["columns"]["yoy"].update(required=True), "monthly.yoy is required now"),
        (lambda a: a["monthly"]["columns"]["status"].update(required=False), "monthly.status may be empty now"),
        (lambda a: a["monthly"]["columns"]["status"]["codes"].remove("K"), "monthly.status: codes"),
        (lambda a: a["monthly"]["columns"]["flag"].update(codes=["x"]), "monthly.flag takes only codes now"),
        (lambda a: a["monthly"]["key"].append("status"), "monthly: key ['indicator', 'month'] became"),
        (lambda a: a["monthly"]["foreign_keys"].clear(), "monthly: foreign key"),
        (
            lambda a: a["monthly"].update(columns=dict(reversed(a["monthly"]["columns"].items()))),
            "monthly: the order of columns changed",
        ),
    ],
)  # fmt: skip
def test_a_break_is_found_and_named(change: Callable[[dict], object], complaint: str):
    old = released()["1.1"]
    new = copy.deepcopy(old)
    change(new)
    assert any(line.startswith(complaint) for line in breaks(old, new))


def test_what_is_only_added_is_no_break():
    old = released()["1.1"]
    new = copy.deepcopy(old)
    new["more"] = old["drift"]
    new["monthly"]["columns"]["more"] = old["monthly"]["columns"]["yoy"]
    new["monthly"]["columns"]["status"]["codes"].append("X")
    assert breaks(old, new) == []
