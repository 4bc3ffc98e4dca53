"""Each function lists the files that decide its answers: every file that runs for it is listed, or only passes on."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import pytest

import clio_sql
from clio_sql.builder.records import code, made_of
from clio_sql.register import FUNCTIONS

PACKAGE = Path(str(files("clio_sql")))
UDFS = Path(str(files("clio_sql.udfs")))
HANDS_ON = {"engine.py", "register.py", "runtime.py", "errors/__init__.py", "errors/quotable.py", "sql_text/quoting.py"}
HANDS_ON |= {"warehouse/state.py", "warehouse/lock.py"}
LEARNED = "(select clio_learn([[0.0, 1], [1, 0]]::float[][], ['a', 'b']))"
MODEL = "(select clio_fit([[0.0, 1], [1, 0], [2, 2]]::float[][], 2))"
QUERIES = {
    "clio_extract": """clio_extract('User: Python code, please: print(1)\n\nAssistant: Yes', map {
        'request': {'question': 'What?', 'kind': 'text', 'choices': null::varchar[]},
        'task': {'question': 'Which?', 'kind': 'text', 'choices': null},
        'language': {'question': 'In?', 'kind': 'text', 'choices': null},
        'concern': {'question': 'Bad?', 'kind': 'score', 'choices': null},
        'topic': {'question': 'On?', 'kind': 'category', 'choices': ['code', 'food']}})""",
    "clio_extract_by_rule": """clio_extract_by_rule('User: Python code, please: print(1)\n\nAssistant: Yes', map {
        'request': {'question': 'What?', 'kind': 'text', 'choices': null::varchar[]},
        'task': {'question': 'Which?', 'kind': 'text', 'choices': null},
        'language': {'question': 'In?', 'kind': 'text', 'choices': null},
        'concern': {'question': 'Bad?', 'kind': 'score', 'choices': null},
        'topic': {'question': 'On?', 'kind': 'category', 'choices': ['code', 'food']}})""",
    "clio_embed": "clio_embed('a text')",
    "clio_cluster": f"clio_cluster([0.0, 1]::float[], {MODEL})",
    "clio_centroids": f"clio_centroids({MODEL})",
    "clio_fit": "clio_fit([[0.0, 1], [1, 0], [2, 2]]::float[][], 2)",
    "clio_learn": LEARNED,
    "clio_predict": f"clio_predict([0.0, 1]::float[], {LEARNED})",
    "clio_link": "clio_link([[0.0, 1], [1, 0]]::float[][], 1)",
    "clio_breaks": "clio_breaks('席を予約')",
    "clio_match": "clio_match(['a'], ['x'], [1.0])",
    "clio_alike": "clio_alike([[0.0, 1], [1, 0]]::float[][], 0.9)",
    "clio_name": "clio_name(['bake rye bread'], [], 'plain', ['bake bread (50%)', 'rye (30%)'], ['rye'], [])",
    "clio_propose": "clio_propose(['bake bread', 'bake cake', 'fix a bike'], 2, 'plain')",
    "clio_merge": "clio_merge(['bake bread', 'bake cake', 'fix a bike'], 2, 'plain')",
    "clio_choose": "clio_choose('bake bread', ['food', 'bikes'])",
    "clio_audit": "clio_audit('Bread of Jane Doe, 12 High Street')",
    "clio_project": "clio_project([[0.0, 1], [1, 0], [2, 2]]::float[][])",
    "clio_word": "clio_word('Bread')",
}


@pytest.fixture(scope="module")
def con():
    with clio_sql.connect() as con:
        con.execute("set threads = 1")  # all runs in the thread that is watched
        yield con


def ran(con, query: str) -> set[str]:
    """The files of the package of which code runs."""
    seen = set()

    def note(frame, event, argument):
        seen.add(frame.f_code.co_filename)

    with clio_sql.connect() as other:  # so that all is imported and loaded
        other.execute(f"select {query.replace('read', 'oad')}").fetchall()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        con.execute(f"select {query}").fetchall()
    finally:
        sys.setprofile(before)
    own = {Path(name) for name in seen}
    return {f"udfs/{path.name}" for path in own if path.parent == UDFS} | {
        path.relative_to(PACKAGE).as_posix() for path in own if path.is_relative_to(PACKAGE) and path.parent != UDFS
    }


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_all_that_runs_for_a_function_is_in_its_hash(con, function):
    found = ran(con, QUERIES[function.name])
    assert f"udfs/{function.name.removeprefix('clio_')}.py" in found
    others = {"udfs/fit.py", "vectors/kmeans.py"} if MODEL in QUERIES[function.name] else set()
    others |= {"udfs/learn.py"} if LEARNED in QUERIES[function.name] else set()
    assert found - {*made_of(function)} - others <= HANDS_ON


def test_the_files_are_there_and_each_function_has_its_own_hash():
    for function in FUNCTIONS:
        assert all(
            (UDFS / file[5:] if file.startswith("udfs/") else PACKAGE / file).is_file() for file in made_of(function)
        )
    hashes = [code(frozenset([function.name])) for function in FUNCTIONS]
    assert len({*hashes}) == len(hashes)
