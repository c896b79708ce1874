"""Guards on the shape of the package: import direction, doors, sizes, docstrings, and what tracked files may say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "siting"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: The rooms from left to right; a module imports from its own room and from rooms to its left.
ROOMS = (
    "errors",
    "kinds",
    "geo",
    "contract",
    "tables",
    "district",
    "rules",
    "sites",
    "access",
    "model",
    "framing_limits",
    "framing",
    "plan",
    "outputs",
    "study_sections",
    "study_programme",
    "study",
    "study_options",
    "pipeline",
    "batch",
    "cli",
    "__main__",
)

#: Who may use what: the package behind each door, and the only modules that may open it.
DOORS = {
    "osmnx": {"siting.district.fetch"},
    "requests": {"siting.district.fetch"},
    "urllib": {"siting.district.fetch"},
    "http": {"siting.district.fetch"},
    "socket": {"siting.district.fetch"},
    "sqlalchemy": {"siting.district.postgis"},
    "psycopg": {"siting.district.postgis"},
    "osmium": {"siting.district.osm", "siting.district.synthetic_osm"},  # read there; the made-up quarter is written
    "pulp": {"siting.model.engines", "siting.model.formulation"},
    "highspy": {
        "siting.model.block",
        "siting.model.engines",
        "siting.model.formulation",
        "siting.model.decomposition.highs",
    },
    "pyscipopt": {"siting.model.decomposition.scip"},
}

#: What the audit may share with the pipeline: contracts and clause data, none of the code that makes a plan.
AUDIT_SHARES = {
    "siting.errors",
    "siting.kinds",
    "siting.geo",
    "siting.contract",
    "siting.tables",
    "siting.district.record",
    "siting.district.fingerprint",
    "siting.rules.clause",
    "siting.rules.profiles",
}

MOST_LINES = 400
MOST_CODE_LINES = 60  # of one function


def name_of(path: Path) -> str:
    """Return the dotted name of a module of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Yield every imported module, also inside functions; `from a import b` counts as a and as a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str | None:
    """Return the room of a module of the package; None for the package's own face and for other packages."""
    parts = module.split(".")
    return parts[1] if parts[0] == "siting" and len(parts) > 1 else None


def named(path: Path) -> str:
    return name_of(path)


each_module = pytest.mark.parametrize("path", MODULES, ids=named)


@each_module
def test_imports_point_left(path):
    here = room_of(name_of(path))
    if here is None:  # the public face imports from everywhere
        return
    assert here in ROOMS, f"room {here} has no place in the flow"

    rooms = {room for module in imports_of(tree_of(path)) if (room := room_of(module)) in ROOMS}

    assert [room for room in sorted(rooms) if ROOMS.index(room) > ROOMS.index(here)] == []


@each_module
def test_doors_are_opened_by_their_keepers_only(path):
    module = name_of(path)

    opened = {name.split(".")[0] for name in imports_of(tree_of(path))}

    assert sorted(door for door in opened & set(DOORS) if module not in DOORS[door]) == []


@each_module
def test_the_numbers_know_no_geography(path):
    if room_of(name_of(path)) != "model":
        return
    used = set(imports_of(tree_of(path)))

    assert {name.split(".")[0] for name in used} & {"pandas", "geopandas", "shapely", "pyproj", "pandera"} == set()
    assert {room_of(name) for name in used} <= {None, "model", "errors", "kinds"}


@each_module
def test_the_audit_shares_contracts_and_clauses_only(path):
    module = name_of(path)
    if not module.startswith("siting.plan.audit"):
        return
    used = {name for name in imports_of(tree_of(path)) if room_of(name)}

    foreign = [
        name
        for name in sorted(used)
        if not name.startswith("siting.plan.audit")
        and not any(name == shared or name.startswith(f"{shared}.") for shared in AUDIT_SHARES)
        and name not in {"siting.plan", "siting.district", "siting.rules"}
    ]

    assert foreign == []


@each_module
def test_only_the_command_line_prints(path):
    if room_of(name_of(path)) == "cli":
        return
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]

    assert [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"] == []


@each_module
def test_a_module_says_what_it_is_and_what_it_offers(path):
    tree = tree_of(path)
    if not path.read_text("utf-8").strip():
        assert path.name == "__init__.py"
        return
    assert ast.get_docstring(tree), "no module docstring"
    offered = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]
        if isinstance(node.value, (ast.List, ast.Tuple))
    ]
    if path.name in ("__init__.py", "__main__.py"):
        return

    assert len(offered) == 1, "no __all__"
    # The order of ruff (RUF022): constants, then classes, then the rest, each by name.
    assert offered[0] == sorted(offered[0], key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert len(set(offered[0])) == len(offered[0])


@each_module
def test_no_module_grows_too_long(path):
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


def code_lines(function: ast.FunctionDef, source: list[str]) -> int:
    """Return the lines of a function without its docstring, comments and blank lines."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    skipped = range(first.lineno, (first.end_lineno or first.lineno) + 1) if is_docstring else range(0)
    lines = [
        source[number - 1].strip()
        for number in range(function.lineno, (function.end_lineno or function.lineno) + 1)
        if number not in skipped
    ]
    return sum(bool(line) and not line.startswith("#") for line in lines)


@each_module
def test_no_function_grows_too_long(path):
    source = path.read_text("utf-8").splitlines()
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]

    lines = {node.name: code_lines(node, source) for node in functions}

    assert {name: count for name, count in lines.items() if count > MOST_CODE_LINES} == {}


def tracked_texts() -> Iterator[tuple[str, str]]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and path != Path(__file__):
            try:
                yield name, path.read_text("utf-8")
            except UnicodeDecodeError:
                continue  # data


def test_tracked_files_name_no_machine():
    """A path of somebody's disk or the address of a package index has no business in the project."""
    private = re.compile(
        r"(?<![\w.~/-])/(?:work|root|home|Users|mnt|srv)/\w|[A-Z]:\\Users\\|--?(?:extra-)?index-url|/simple/?\b"
    )

    found = [
        f"{name}:{number}: {match[0]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := private.search(line))
    ]

    assert found == []


@pytest.mark.parametrize("heavy", ["matplotlib", "osmnx", "pulp", "geopandas"])
def test_importing_the_package_is_cheap(heavy):
    program = f"import siting, sys; sys.exit({heavy!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_every_error_class_is_raised_somewhere():
    import siting.errors

    raised = {
        node.exc.func.id if isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name) else ""
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Raise) and node.exc is not None
    }

    roots = {"SitingError"}
    later = {"BatchError"}  # the batch command is not here yet
    assert sorted(set(siting.errors.__all__) - raised - roots - later) == []
