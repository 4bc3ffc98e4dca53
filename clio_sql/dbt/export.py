"""Writes an analysis as a dbt project: the same SQL files, with `ref()` and `source()` in place of the names of inputs.

The text of a file is kept exactly, including comments: only the names of tables are replaced, by their
position, and text that Jinja would interpret is escaped. Materialisations, descriptions and tests
are in separate properties files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any

import yaml

from clio_sql import builder
from clio_sql.analysis import catalog, contracts
from clio_sql.analysis.catalog import Relation
from clio_sql.dbt import semantic
from clio_sql.errors import SqlError, StateError
from clio_sql.sql_text import syntax

WRITTEN = ".clio-sql.json"  # lists the files we wrote, with a hash of each: only those are ever replaced
YOURS = ("profiles.yml",)  # an example to fill in: never replaced
SOURCE = "clio"  # what dbt calls the host's tables


def export(folder: Path, relations: Sequence[Relation], checks: Mapping[str, str] | None = None) -> list[str]:
    """Write the relations and checks into `folder` as a dbt project; returns the names of its files, sorted.

    A folder that is missing or empty appears complete. One that an earlier export wrote is updated
    file by file; anything else in it (a warehouse, `target/`) stays. The same input gives the same bytes.

    checks: name -> query for bad rows; the packaged ones by default.
    Raises StateError if the folder holds other files, or files of ours that were changed, and SqlError
    for a name that dbt cannot use.
    """
    written = project_files(relations, catalog.checks() if checks is None else checks)
    known = _refuse_foreign(folder, written)
    written = {name: text for name, text in written.items() if name not in YOURS or not (folder / name).exists()}
    try:
        _write(folder, written, known)
    except OSError as error:
        raise StateError(f"{folder}: cannot be written to ({error.strerror}). Give another folder.") from None
    return sorted(written)


def project_files(relations: Sequence[Relation], checks: Mapping[str, str]) -> dict[str, str]:
    """Path within the project -> text, for every file of the project."""
    parsed = [catalog.parse(name, "checks", sql) for name, sql in checks.items()]
    _refuse_names([*relations, *parsed])
    models = {f"models/{SOURCE}/{relation.name}.sql": _model(relation) for relation in relations}
    published = [relation for relation in relations if relation.published]
    read_by_checks = sorted({name for check in parsed for name in check.inputs if name not in catalog.host_tables()})
    for relation in published:
        models[f"models/published/published_{relation.name}.sql"] = _published(relation, read_by_checks)
    models[f"models/semantic/{semantic.DAYS}.sql"] = semantic.DAYS_SQL
    tests = {f"tests/{check.name}.sql": _model(check) for check in parsed} | _own_tests(relations)
    values = {
        "name": SOURCE,
        "sql_hash": catalog.fingerprint(relations),
        "exported": _checksum(models),
        "relations": str(len(relations)),
    }
    return {
        **models,
        **tests,
        **{name: Template(text).substitute(values) for name, text in _templates().items()},
        "models/sources.yml": _yaml({"version": 2, "sources": [_sources()]}),
        f"models/{SOURCE}/{SOURCE}.yml": _yaml({"version": 2, "models": [_properties(r) for r in relations]}),
        "models/published/published.yml": _yaml({"version": 2, "models": [_of_copy(r) for r in published]}),
        "models/semantic/semantic.yml": _yaml(_texts_escaped(semantic.properties(relations))),
        "tests/checks.yml": _yaml(
            {"version": 2, "data_tests": [{"name": c.name, "description": escaped(c.comment)} for c in parsed]}
        ),
    }


def escaped(text: str) -> str:
    """The text with everything escaped that Jinja would interpret."""
    return re.sub(r"\{[{%#]", lambda match: "{{ '" + match[0] + "' }}", text)


def _texts_escaped(value: Any) -> Any:
    """The value with every description escaped."""
    if isinstance(value, dict):
        return {name: escaped(each) if name == "description" else _texts_escaped(each) for name, each in value.items()}
    return [_texts_escaped(each) for each in value] if isinstance(value, list) else value


def with_refs(sql: str, inputs: Iterable[str]) -> str:
    """The SQL with a `ref()` or `source()` wherever it reads one of `inputs`, and everything else unchanged."""
    calls = {name: f"{{{{ {_ref(name)} }}}}" for name in inputs}
    pieces, end = [], 0
    for start, stop, text in syntax.places(sql, calls):
        pieces += [escaped(sql[end:start]), text]
        end = stop
    return "".join([*pieces, escaped(sql[end:])])


def _ref(name: str) -> str:
    return f"source('{SOURCE}', '{name}')" if name in catalog.host_tables() else f"ref('{name}')"


def _model(relation: Relation) -> str:
    text = with_refs(relation.sql, relation.inputs)
    named = set(re.findall(r"\{\{ (?:ref|source)\((?:'\w+', )?'(\w+)'\) \}\}", text))
    if named != set(relation.inputs):
        missing = ", ".join(sorted(set(relation.inputs) - named))
        raise SqlError(f"{relation.folder}/{relation.name}.sql: where it reads {missing} could not be found.")
    return text + "\n"


def _published(relation: Relation, read_by_checks: Sequence[str]) -> str:
    """A copy without our functions. It depends on everything that a check reads, so that all checks pass before it."""
    depends = "".join(f"-- depends_on: {{{{ ref('{name}') }}}}\n" for name in read_by_checks if name != relation.name)
    return (
        f"-- The relation {relation.name} as a plain table that BI tools open, made only when every check has passed:\n"
        f"{depends}from {{{{ ref('{relation.name}') }}}}\n"
    )


def _own_tests(relations: Sequence[Relation]) -> dict[str, str]:
    """The tests that `clio-sql run` does in Python: contracts of parameters, and how many paid answers failed."""
    names = {relation.name for relation in relations}
    tests = {}
    for name in sorted(names & set(contracts.CONTRACTS)):
        tests[f"tests/{name}_keeps_its_contract.sql"] = (
            f"-- Fails with what is wrong where {name} breaks its contract. No rows = pass.\n"
            f"-- depends_on: {{{{ ref('{name}') }}}}\n"
            f"select 1 where clio_dbt_check('{name}') <> 'passed'\n"
        )
    if "settings" not in names:
        return tests
    for relation in relations:
        if relation.asks and "status" in relation.columns:
            tests[f"tests/few_answers_of_{relation.name}_failed.sql"] = (
                f"-- One row where more than max_error_ratio of the paid answers of {relation.name} failed. "
                "No rows = pass.\n"
                "select count(*) as answers, any_value(settings.max_error_ratio) as allowed\n"
                f"from {{{{ ref('{relation.name}') }}}} as answered\n"
                "cross join {{ ref('settings') }} as settings\n"
                f"cross join {{{{ source('{SOURCE}', 'build_info') }}}} as build_info\n"
                "where build_info.provider <> 'local'\n"
                f"having count(*) filter (status in {builder.FAILED})\n"
                "    > any_value(settings.max_error_ratio) * count(*)\n"
            )
    return tests


def _properties(relation: Relation) -> dict[str, Any]:
    """The properties of a model: how it is built, what it means, and that its grain holds."""
    config: dict[str, Any] = {"materialized": relation.kind}
    if relation.asks:
        config["pre_hook"] = "select clio_dbt_record()"
    properties = {"name": relation.name, **_described(relation), "config": config}
    grain = [part.strip() for part in relation.grain.split(",")]
    if relation.grain == "one row":
        properties["data_tests"] = ["one_row"]
    elif set(grain) <= set(relation.columns):
        properties["data_tests"] = [{"grain": {"arguments": {"columns": grain}}}]
    return properties


def _of_copy(relation: Relation) -> dict[str, Any]:
    return {"name": f"published_{relation.name}", **_described(relation), "config": {"alias": relation.name}}


def _described(relation: Relation) -> dict[str, Any]:
    columns = [
        {"name": name, "description": escaped(comment), "quote": True}
        for name, comment in relation.columns.items()
        if comment and name != "*"
    ]
    return {"description": escaped(relation.comment), **({"columns": columns} if columns else {})}


def _sources() -> dict[str, Any]:
    return {
        "name": SOURCE,
        "description": "What the plugin clio_sql.dbt reads from the input when a build begins.",
        "schema": "{{ target.schema }}",
        "tables": [{"name": name, "description": comment} for name, comment in catalog.host_tables().items()],
    }


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)


def _checksum(models: Mapping[str, str]) -> str:
    """As macros/clio_begin.sql computes from what dbt read: a file's name and the SHA-256 of its stripped text."""
    sums = (f"{Path(name).stem} {hashlib.sha256(text.strip().encode()).hexdigest()}" for name, text in models.items())
    return hashlib.md5("\n".join(sorted(sums)).encode()).hexdigest()


def _templates(folder: Traversable | None = None, path: str = "") -> dict[str, str]:
    """The files that are the same for every analysis, except for the values of `$…`."""
    found: dict[str, str] = {}
    for entry in sorted((folder or files("clio_sql.dbt") / "dbt_project").iterdir(), key=lambda entry: entry.name):
        name = path + (".gitignore" if entry.name == "gitignore" else entry.name)
        found |= _templates(entry, f"{name}/") if entry.is_dir() else {name: entry.read_text("utf-8")}
    return found


def _refuse_names(relations: Sequence[Relation]) -> None:
    names = {relation.name for relation in relations}
    if semantic.DAYS in names:
        raise SqlError(f"{semantic.DAYS}.sql: the time spine of the project has this name. Rename the file.")
    for relation in relations:
        where = f"{relation.folder}/{relation.name[:60]}.sql"
        if not re.fullmatch(r"[A-Za-z_]\w{0,80}", relation.name, re.ASCII):
            raise SqlError(f"{where}: dbt allows letters, digits and _ in the name of a model. Rename the file.")
        if relation.published and f"published_{relation.name}" in names:
            raise SqlError(f"{where}: its copy would be called published_{relation.name}, which is taken. Rename one.")


def _refuse_foreign(folder: Path, written: Mapping[str, str]) -> dict[str, str]:
    """What an earlier export wrote: name -> hash. Raises StateError if the folder is not ours to write to."""
    if folder.exists() and not folder.is_dir():
        raise StateError(f"{folder}: there is a file of that name, not a folder. Give a folder.")
    if not folder.exists() or not any(folder.iterdir()):
        return {}
    try:
        known = dict(json.loads((folder / WRITTEN).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        raise StateError(
            f"{folder}: it is not empty, and no export wrote it. Give a folder that is empty or not there."
        ) from None
    changed = [
        name
        for name in sorted({*known, *written})
        if name not in YOURS
        and (folder / name).exists()
        and _hash_of(folder / name) not in (known.get(name), _hash(written.get(name)))
    ]
    if changed:
        raise StateError(
            f"{folder}: {', '.join(changed[:10])} was changed since the export and would be lost. "
            "Move it away, or export to another folder and compare."
        )
    return known


def _write(folder: Path, written: Mapping[str, str], known: Mapping[str, str]) -> None:
    noted = {name: _hash(text) for name, text in sorted(written.items()) if name not in YOURS}
    everything = {**written, WRITTEN: json.dumps(noted, indent=1) + "\n"}
    draft = folder.absolute().parent / f".{folder.absolute().name}-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        for name, text in everything.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_text(text, "utf-8", newline="\n")
        if not known and folder.resolve() != Path.cwd():  # a shell in that folder would be left in a deleted one
            os.replace(draft, folder)  # also over an empty folder
            return
        for name in everything:  # the list last: until then a file counts as ours by its new text
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft / name, folder / name)
        for name in sorted(set(known) - set(written)):
            (folder / name).unlink(missing_ok=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _hash(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
