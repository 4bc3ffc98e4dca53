"""Writes `report.html`: one file that shows `published.duckdb` in a browser and needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from clio_sql.errors import unwritten
from clio_sql.published.report import data
from clio_sql.warehouse import private

NAME = "report.html"
SCRIPTS = (
    "model",
    "words",
    "tree",
    "detail",
    "differences",
    "labels",
    "map",
    "page",
)  # one script; each uses those to its left


def write(out: Path) -> Path:
    """Write `out/report.html` from `out/published.duckdb`, complete, by rename. Returns its path.

    Raises InputError if there is no published file to read, StateError if the report cannot be written.
    """
    page = html(data.read(out))
    target, draft = out / NAME, out / f".report-{os.getpid()}.html"
    try:
        draft.write_text(page, "utf-8", newline="\n")
        private.share(draft)
        os.replace(draft, target)
    except OSError as error:
        advice = f"Move away what is in its place, or make the folder writable, and run: clio-sql report {out}"
        raise unwritten(target, error, advice) from None
    finally:
        for left in out.glob(".report-*.html"):  # also those of a killed run
            left.unlink(missing_ok=True)
    return target


def html(shown: dict[str, Any]) -> str:
    """The page. All data is in one JSON block; the page's own script inserts it as text."""
    from plotly.offline import get_plotlyjs

    parts = {"css": _file("page.css"), "plotly": get_plotlyjs(), "script": _script(), "data": as_json(shown)}
    allowed = " ".join(_allowed(parts[name]) for name in ("plotly", "script"))
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: {**parts, "allowed": allowed}[hole[1]], _file("page.html"))


def as_json(value: Any) -> str:
    """JSON that is safe inside a script element: without a character that HTML could take for a tag or a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _allowed(script: str) -> str:
    """The only scripts that the page's policy lets run are those with these hashes."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _script() -> str:
    return '"use strict";\n(() => {\n' + "".join(_file(f"{name}.js") for name in SCRIPTS) + "})();\n"


def _file(name: str) -> str:
    return (files("clio_sql.published.report") / name).read_text("utf-8")
