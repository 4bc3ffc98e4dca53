"""The parts of the READMEs that are written from the code; `python tests/readmes.py` writes them again.

A part stands between `<!-- NAME -->` and `<!-- end of NAME -->`. Lines of SQL that a README quotes as
`file.sql:LINE`: `code` get the number of the line where that code stands today.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer

from clio_sql.analysis import catalog
from clio_sql.cli.commands import app
from clio_sql.sources import adapters
from clio_sql.warehouse import host

ROOT = Path(__file__).parent.parent
READMES = tuple(
    ROOT / name for name in ("README.md", *(f"{folder}/README.md" for folder in ("sql", "udfs", "clio_sql", "tests")))
)
QUOTED = re.compile(r"`(sql/[\w./]+\.sql):(\d+)`: `([^`]+)`")


def relations() -> str:
    """The relations of the packaged analysis in build order."""
    lines = ["| relation | kind | each row |", "|---|---|---|"]
    for relation in catalog.load():
        files = (ROOT / "sql").glob(f"*/{relation.name}.sql")
        [file] = [path for path in files if path.parent.name not in ("recipes", "mcp")]  # these are no relations
        path = file.relative_to(ROOT / "sql").as_posix()
        kind = relation.kind if relation.folder == "models" else f"{relation.folder} {relation.kind}"
        lines.append(f"| [`{relation.name}`]({path}) | {kind} | {_cell(relation.comment)} |")
    return "\n".join(lines)


def tables() -> str:
    """The tables that a run makes itself."""
    rows = [f"| `{name}` | {_cell(text)} |" for name, text in host.TABLES.items()]
    last = ", ".join(f"`{name}`" for name in catalog.kept())
    rows.append(f"| `last_…` | The relation as it was when it was last published, of {last}. Private. |")
    return "\n".join(["| table | each row |", "|---|---|", *rows])


def folders() -> str:
    """The folders and modules of clio_sql by tier, each with the first line of its docstring."""
    from test_layout import FOLDERS, TIERS

    lines = ["| tier | folder or module | holds |", "|---|---|---|"]
    for number, tier in enumerate(TIERS, 1):
        for name in tier:
            home = FOLDERS.get(f"clio_sql.{name}", ROOT / "clio_sql" / name)
            path = home / "__init__.py" if home.is_dir() else home.with_suffix(".py")
            text = ast.get_docstring(ast.parse(path.read_text("utf-8"))).splitlines()[0]
            lines.append(f"| {number} | `{name}{'/' if home.is_dir() else '.py'}` | {_cell(text)} |")
    return "\n".join(lines)


def commands() -> str:
    """Every command as its `--help` has it: usage, text, examples; then every argument and option once."""
    parsed = typer.main.get_command(app)
    parts = [_command(name, command) for name, command in parsed.commands.items()]
    return "\n\n".join([*parts, "#### Arguments and options", _options(parsed.commands)])


def _command(name: str, command: Any) -> str:
    given = [each for each in command.params if each.param_type_name == "argument"]
    arguments = [_argument(each) if each.required else f"[{_argument(each)}]" for each in given]
    text, _, examples = command.help.partition("\b\n")
    lines = [line.strip() for line in examples.splitlines()[1:] if line.strip()]
    usage = " ".join([f"clio-sql {name}", *arguments])
    return "\n\n".join([f"#### `{usage}`", *_paragraphs(text), "\n".join(["```sh", *lines, "```"])])


def _argument(parameter: Any) -> str:
    return (parameter.metavar or parameter.name.upper()).strip("[]")


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _options(found: dict[str, Any]) -> str:
    """One row per argument or option and meaning: the commands that have it, what it does, its default."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for name, command in found.items():
        types = get_type_hints(command.callback)
        for each in sorted(command.params, key=lambda each: each.param_type_name):  # arguments first
            spelled = _argument(each) if each.param_type_name == "argument" else _spelled(each, types[each.name])
            default = each.default if each.show_default else None
            rows.setdefault((spelled, each.help or "", _default(default)), []).append(name)
    lines = ["| argument or option | of | means | default |", "|---|---|---|---|"]
    for (spelled, help, default), names in rows.items():
        lines.append(f"| `{spelled}` | {', '.join(names)} | {_cell(help)} | {default} |")
    return "\n".join(lines)


def _default(value: Any) -> str:
    return "" if value is None or value is False else f"`{value}`"


def _spelled(option: Any, type_: Any) -> str:
    """An option with its short form and its value, as it is typed."""
    choices = " or ".join(get_args(type_)) if get_origin(type_) is Literal else ""
    number = "N" if {int, float} & {type_, *get_args(type_)} else "NAME"
    value = "" if option.is_flag else option.metavar or choices or number
    return f"{', '.join([*option.opts, *option.secondary_opts])} {value}".strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PARTS: dict[str, Callable[[], str]] = {
    "relations": relations, "tables of the host": tables, "folders": folders, "commands": commands,
    "formats": adapters.described,
}  # fmt: skip


def written(text: str) -> str:
    """The text of a README with every part, and every number of a line, as the code has them today.

    Raises AssertionError where a quoted line is not in its file.
    """
    for name, part in PARTS.items():
        between = rf"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)"
        text = re.sub(between, lambda _, part=part: f"\n{part()}\n\n", text, flags=re.S)
    return QUOTED.sub(lambda match: f"`{match[1]}:{line_of(match[1], match[3])}`: `{match[3]}`", text)


def line_of(path: str, code: str) -> int:
    """The number of the first line of a file that holds the code."""
    numbers = [number for number, line in enumerate((ROOT / path).read_text("utf-8").splitlines(), 1) if code in line]
    assert numbers, f"{path} has no line with {code}: a README quotes it. Correct the README."
    return numbers[0]


def links(text: str) -> Iterator[str]:
    """What the links of a README point at, but other sites."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    yield from (target for target in re.findall(r"\]\(([^)\s]+)\)", plain) if not re.match(r"\w+:", target))


def anchors(text: str) -> set[str]:
    """The names by which a link reaches a heading, as GitHub makes them."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in _headings(plain)}


def _headings(text: str) -> Iterable[str]:
    return re.findall(r"^#+ (.*?) *$", text, re.M)


if __name__ == "__main__":
    for readme in READMES:
        readme.write_text(written(readme.read_text("utf-8")), "utf-8")
