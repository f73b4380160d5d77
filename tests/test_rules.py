"""The rules of the house, read off the source."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "forecasting").rglob("*.py"))
JOBS = sorted((ROOT / "jobs").rglob("*.py"))
PURE = ("decumulation", "models", "evaluation", "projection")
EDGES = ("sources", "store", "tracking", "publishing", "report", "settings")
PACKAGES = sorted(path.parent for path in (ROOT / "forecasting").glob("*/__init__.py"))


def imports(path: Path) -> list[tuple[str, str]]:
    """(module, imported name) of every import statement, wherever it stands."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found += [(node.module or "", alias.name) for alias in node.names]
    return found


def test_nothing_in_forecasting_imports_jobs():
    wrong = [path.name for path in SOURCES for module, _ in imports(path) if module.split(".")[0] == "jobs"]
    assert not wrong


@pytest.mark.parametrize("package", PURE)
def test_the_pure_packages_do_not_import_the_edges(package):
    wrong = [
        f"{path.name}: {module}.{name}"
        for path in (ROOT / "forecasting" / package).rglob("*.py")
        for module, name in imports(path)
        for edge in EDGES
        if f"{module}.{name}".startswith(f"forecasting.{edge}")
    ]
    assert not wrong


def test_other_packages_are_imported_by_their_public_face_only():
    wrong = []
    for path in SOURCES + JOBS:
        own = ".".join(path.relative_to(ROOT).parent.parts)
        for module, _ in imports(path):
            if not module.startswith("forecasting."):
                continue
            private = any(part.startswith("_") for part in module.split("."))
            if private and not module.startswith(f"{own}."):
                wrong.append(f"{path.relative_to(ROOT)}: {module}")
    assert not wrong


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_public_face_of_a_package_is_complete_and_sorted(package):
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    public = [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)
              and getattr(node.targets[0], "id", "") == "__all__"]  # fmt: skip
    assert len(public) == 1, "one __all__"
    defined = {name for module, name in imports(package / "__init__.py") if module.startswith("forecasting.")}
    defined |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}
    assert set(public[0]) == defined
    upper = [name for name in public[0] if name.isupper()]
    camel = [name for name in public[0] if not name.isupper() and name[0].isupper()]
    lower = [name for name in public[0] if name[0].islower()]
    assert public[0] == sorted(upper) + sorted(camel) + sorted(lower)


def test_modules_stay_short_enough_to_be_read():
    long = {path.name: n for path in SOURCES + JOBS if (n := len(path.read_text(encoding="utf-8").splitlines())) > 420}
    assert not long


def test_the_command_line_starts_without_anything_heavy():
    code = "import sys, jobs.cli; print(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pandas", "scipy", "sqlalchemy", "mlflow", "matplotlib", "prophet", "statsmodels"} & set(
        loaded
    )


def built(node: ast.expr) -> bool:
    """Whether a text is put together from what is not a constant of its module."""
    if isinstance(node, ast.JoinedStr):
        values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return not all(isinstance(value, ast.Name) and value.id.isupper() for value in values)
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(node, ast.BinOp) or (isinstance(called, ast.Attribute) and called.attr in ("format", "join"))


def calls() -> Iterator[tuple[Path, ast.Call, str, str]]:
    """Every call in the source: file, call, name of what is called, and of what it belongs to, "" for a bare name."""
    for path in SOURCES + JOBS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield path, node, node.func.id, ""
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield path, node, node.func.attr, getattr(node.func.value, "id", "?")


def test_sql_is_never_put_together_from_values():
    takes_sql = {"execute", "executemany", "executescript", "exec_driver_sql", "scalar", "scalars"}
    has_text = {path for path in SOURCES + JOBS if ("sqlalchemy", "text") in set(imports(path))}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node, name, owner in calls()
        if node.args
        and built(node.args[0])
        and (name in takes_sql or ((name, owner) == ("text", "") and path in has_text))
    ]
    assert not wrong


def test_nothing_of_ours_reads_a_pickle_but_a_worker_what_its_night_hands_it():
    reads = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node, name, owner in calls()
        if path.name != "parallel.py"
        if (owner in reads and name in ("load", "loads", "open", "Unpickler"))
        or name == "read_pickle"
        or any(keyword.arg == "allow_pickle" for keyword in node.keywords)
    ]
    assert not wrong
