"""Writes `report.html`: one file that shows `published.duckdb` in a browser and needs no network.

In safety mode it is `safety-report.html` from `safety.duckdb` instead: for its owner alone, and marked as private on
the screen, in each section and on each sheet of paper.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from clio_sql.errors import InputError, unwritten
from clio_sql.published.files import REPORT, SAFETY_REPORT, is_safety
from clio_sql.published.report import data
from clio_sql.warehouse import private

SCRIPTS = (
    "model",
    "words",
    "tree",
    "detail",
    "differences",
    "labels",
    "map",
    "safety",
    "page",
)  # one script; each uses those to its left


MARK = "Private safety report: not gated, for authorised people only"
LINK = '<li><a href="#safety">Safety</a></li>'
PARTS = {  # of the page, which differ between the modes -> (what is published, safety mode)
    "title": ("What people use the assistant for", "Private safety report"),
    "held": (
        "A cluster is shown only if enough different users share it and its name identifies no one. Everything held "
        "back appears as at most one row of the tree, called <em>(other)</em>, and only if it comes from enough users "
        "itself.",
        "Safety mode holds nothing back: a cluster of one user is shown like any other, and its name may tell who it "
        "is.",
    ),
    "source": (
        "<code>published.duckdb</code>, which contains no conversations, no users and no ids of either. Counts are "
        "rounded; if <code>epsilon</code> has a value, they carry noise too.",
        "<code>safety.duckdb</code>, which is not gated and holds ids of conversations. Never publish this page.",
    ),
}


def name(out: Path) -> str:
    """The name of the report of a folder, by what a run wrote there."""
    return SAFETY_REPORT if is_safety(out) else REPORT


def write(out: Path) -> Path:
    """Write the report of what a run wrote into `out`, complete, by rename. Returns its path.

    Raises InputError if there is no file to read, StateError if the report cannot be written.
    """
    safety = is_safety(out)
    page = html(data.read(out, safety), safety)
    target, draft = out / name(out), out / f".report-{os.getpid()}.html"
    try:
        with private.alone():
            draft.write_text(page, "utf-8", newline="\n")
        if not safety:
            private.share(draft)
        os.replace(draft, target)
    except OSError as error:
        advice = f"Move away what is in its place, or make the folder writable, and run: clio-sql report {out}"
        raise unwritten(target, error, advice) from None
    finally:
        for left in out.glob(".report-*.html"):  # also those of a killed run
            left.unlink(missing_ok=True)
    return target


def require_safety(out: Path) -> None:
    """Raise InputError if a folder has no safety report, with the reason."""
    if not is_safety(out):
        raise InputError(
            f"{out}: has no safety report, since its analysis did not run in safety mode: what is held back is in no "
            "file but the warehouse. A settings.sql with mode 'safety' and another folder make one."
        )


def html(shown: dict[str, Any], safety: bool = False) -> str:
    """The page. All data is in one JSON block; the page's own script inserts it as text."""
    from plotly.offline import get_plotlyjs

    parts = {"css": _file("page.css"), "plotly": get_plotlyjs(), "script": _script(), "data": as_json(shown)}
    parts |= {part: of_mode[safety] for part, of_mode in PARTS.items()}
    parts |= {"mode": "safety" if safety else "insight", "mark": "", "link": "", "section": ""}
    if safety:
        parts["css"] += _file("safety.css")
        parts |= {"mark": f'<p class="mark">{MARK}</p>\n', "link": LINK, "section": _file("safety.html")}
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
