"""Where the functions exist, who may be closed when, and that nothing crashes or leaks."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

import clio_sql
from clio_sql.errors import ClioError, StateError, UsageError
from clio_sql.register import FUNCTIONS, MACROS, STEPS, engine_of

STATELESS = "select clio_project([[1.0]])"  # cheap, and needs neither a model nor the state
FITTED = "select clio_centroids(clio_fit([[1.0], [3.0]], 2))"
CLOSED = (
    "every connection that clio-sql was registered on is closed. Call clio_sql.register(con) on an open connection."
)


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    command = [sys.executable, "-c", f"import sys, gc, duckdb, clio_sql\n{code}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def works(con: duckdb.DuckDBPyConnection) -> bool:
    """True where a macro, a raw function and the state answer; duckdb.Error where one does not."""
    raw = con.execute("select clio_project_raw([[1.0]])").fetchone()[0]
    return con.execute(STATELESS).fetchone()[0] == raw == [(0, 0)] and len(con.execute(FITTED).fetchone()[0]) == 2


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def plain(file) -> Path:
    """A file that clio-sql never saw."""
    with duckdb.connect(str(file)) as con:
        con.execute("create table chats as select 'book a flight' as said")
    return file


# Where the state is


def test_the_state_is_in_a_file_of_its_own(plain, tmp_path):
    """Of the user's file only macros are changed; with a read-only connection, nothing."""
    with clio_sql.connect(plain, state=tmp_path / "state.duckdb") as con:
        model = con.execute("select clio_fit([[1.0], [3.0]], 2)").fetchone()[0]
        with pytest.raises(StateError, match="the state of this database is in a file of its own"):
            clio_sql.build(con, "main.chats")
        with pytest.raises(StateError, match=r"already keeps its state in state\.duckdb"):
            clio_sql.connect(plain, state=tmp_path / "other.duckdb")
    with duckdb.connect(str(plain)) as con:
        assert con.execute("select schema_name from duckdb_schemas() where not internal").fetchall() == []
    before = plain.read_bytes()
    with clio_sql.connect(plain, read_only=True, state=tmp_path / "state.duckdb") as con:
        assert con.execute("select len(clio_centroids(?))", [model]).fetchone() == (2,)
        con.execute("select clio_fit([[1.0], [5.0]], 2)").fetchall()
    assert plain.read_bytes() == before
    with duckdb.connect(str(tmp_path / "state.duckdb")) as con:
        assert con.execute("select count(*) from models").fetchone() == (2,)
    assert (tmp_path / "state.duckdb").stat().st_mode & 0o077 == 0


def test_a_state_that_is_already_elsewhere_is_not_left_behind(file, tmp_path):
    clio_sql.connect(file).close()
    with pytest.raises(StateError, match="already keeps its state in the schema clio_state"):
        clio_sql.connect(file, state=tmp_path / "state.duckdb")
    with pytest.raises(StateError, match=r"state=state\.duckdb: cannot be opened for writing"):
        clio_sql.connect(state=tmp_path / "nowhere" / "state.duckdb")


# Where they exist


def test_in_memory_from_the_connection_and_its_cursors():
    with clio_sql.connect() as con:
        assert works(con) and works(con.cursor()) and works(con.cursor().cursor())


def test_on_file_from_every_connection_of_the_process(file):
    with clio_sql.connect(file) as con, duckdb.connect(str(file)) as other, clio_sql.connect(str(file)) as third:
        assert works(con) and works(con.cursor()) and works(other) and works(other.cursor()) and works(third)
        assert engine_of(con) is engine_of(other) is engine_of(third)


def test_every_function_has_its_raw_form_and_its_macro(file):
    clio_sql.connect(file).close()
    with clio_sql.connect(file, read_only=True) as con:
        query = "select function_name, function_type from duckdb_functions() where function_name like 'clio_%'"
        found = set(con.execute(query).fetchall())
    assert {name for name, kind in found if "macro" in kind} == {*MACROS, *STEPS}
    raw = {f"{function.name}_raw" for function in FUNCTIONS} | {"clio_engine_raw"}
    assert {name for name, kind in found if kind == "scalar"} == raw


def test_macros_tell_what_they_do_to_whoever_opens_the_file(file):
    clio_sql.connect(file).close()
    with duckdb.connect(str(file)) as con:
        query = "select function_name, comment from duckdb_functions() where function_name = 'clio_embed'"
        comment = con.execute(query).fetchone()[1]
    assert comment.startswith("clio_embed(text): the unit vector of a text, FLOAT[d].")


def test_a_view_over_a_function_is_kept(file):
    with clio_sql.connect(file) as con:
        con.execute(f"create view laid_out as {STATELESS} as layout")
    with clio_sql.connect(file) as con:
        assert con.execute("from laid_out").fetchone() == ([(0, 0)],)


def test_registering_again_is_harmless(file):
    with clio_sql.connect(file) as con, duckdb.connect(str(file)) as other:
        assert clio_sql.register(con) is con
        assert clio_sql.register(other) is other
        assert works(clio_sql.register(con.cursor()))
        assert works(con) and works(other)
        assert con.execute("select count(*) = count(distinct version) from clio_state.migrations").fetchone() == (True,)


def test_nothing_is_registered_while_a_transaction_is_open():
    with duckdb.connect() as con:
        con.execute("begin")
        with pytest.raises(StateError, match="a transaction is open on this connection"):
            clio_sql.register(con)
        con.execute("rollback")
        assert works(clio_sql.register(con))


def test_registering_from_many_threads_at_once():
    """Two that both find no functions would both create them, which DuckDB refuses."""
    errors = []

    def register(con: duckdb.DuckDBPyConnection) -> None:
        try:
            clio_sql.register(con)
        except Exception as error:
            errors.append(error)

    with duckdb.connect() as con:
        threads = [threading.Thread(target=register, args=[con.cursor()]) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert con.execute(STATELESS).fetchone() == ([(0, 0)],)


def test_a_macro_of_an_older_version_is_replaced(file):
    with duckdb.connect(str(file)) as con:
        con.execute("create macro clio_words(text) as ['old']")
    with clio_sql.connect(file, read_only=True) as con:
        assert con.execute("select clio_words('new')").fetchone() == (["new"],)
    with clio_sql.connect(file) as con:
        assert con.execute("select clio_words('new')").fetchone() == (["new"],)


def test_the_macros_of_an_attached_warehouse_do_not_count(file):
    clio_sql.connect(file).close()
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as warehouse")
        assert works(clio_sql.register(con))
        con.execute("create schema elsewhere; use elsewhere")
        assert works(clio_sql.register(con))


def test_two_databases_do_not_mix_models(tmp_path):
    with clio_sql.connect(tmp_path / "one.duckdb") as one, clio_sql.connect(tmp_path / "two.duckdb") as two:
        model = one.execute("select clio_fit([[1.0]], 1)").fetchone()[0]
        with pytest.raises(duckdb.InvalidInputException, match="is not known in this database"):
            two.execute("select clio_centroids(?)", [model])
        one.close()
        assert works(two)


def test_a_fitted_model_is_kept_in_the_file(file):
    with clio_sql.connect(file) as con:
        model = con.execute("select clio_fit([[1.5]], 1)").fetchone()[0]
    with clio_sql.connect(file) as con:
        assert con.execute("select clio_centroids(?)", [model]).fetchone() == ([[1.5]],)
    with clio_sql.connect(file, read_only=True) as con:
        assert con.execute("select clio_cluster([2.0], ?).distance", [model]).fetchone() == (0.5,)


# Read-only


def test_read_only_with_saved_macros(file):
    clio_sql.connect(file).close()
    with clio_sql.connect(file, read_only=True) as con, duckdb.connect(str(file), read_only=True) as other:
        assert works(con) and works(con.cursor()) and works(other)
        assert con.execute("select count(*) from clio_state.models").fetchone() == (0,)  # fits lived in memory


def test_read_only_without_macros_has_them_on_that_connection_alone(plain):
    before = plain.read_bytes()
    with clio_sql.connect(plain, read_only=True) as con, duckdb.connect(str(plain), read_only=True) as other:
        assert works(con)
        for elsewhere in (con.cursor(), other):
            assert elsewhere.execute("select clio_project_raw([[1.0]])").fetchone() == ([(0, 0)],)
            with pytest.raises(duckdb.CatalogException, match="clio_project does not exist"):
                elsewhere.execute(STATELESS)
        assert works(clio_sql.register(other))
    assert plain.read_bytes() == before


def test_read_only_fits_are_forgotten_with_the_database(plain):
    with clio_sql.connect(plain, read_only=True) as con:
        model = con.execute("select clio_fit([[2.5]], 1)").fetchone()[0]
        assert con.execute("select clio_centroids(?)", [model]).fetchone() == ([[2.5]],)
    with clio_sql.connect(plain, read_only=True) as con, pytest.raises(duckdb.InvalidInputException, match="not known"):
        con.execute("select clio_centroids(?)", [model])


# Refused


@pytest.mark.parametrize("name", ["clio.duckdb", "Clio.duckdb", "clio_state.db", "clio.2025.duckdb", "clio"])
def test_a_file_called_as_a_schema_is_refused(tmp_path, name):
    with pytest.raises(StateError, match=r"may not be called .* Rename the file, for example to warehouse\.duckdb"):
        clio_sql.connect(tmp_path / name)
    assert not (tmp_path / name).exists()
    with duckdb.connect(str(tmp_path / name)) as con, pytest.raises(StateError, match="may not be called"):
        clio_sql.register(con)


def test_a_file_that_cannot_be_opened_says_why(tmp_path):
    junk = tmp_path / "junk.duckdb"
    junk.write_bytes(b"no database " * 1000)
    with pytest.raises(StateError, match=r"^junk.duckdb: cannot be opened as a DuckDB file"):
        clio_sql.connect(junk)
    with pytest.raises(StateError, match=r"^new.duckdb: its folder does not exist. Make the folder first."):
        clio_sql.connect(tmp_path / "nowhere" / "new.duckdb")
    with pytest.raises(StateError, match=r"^new.duckdb: there is no such file"):
        clio_sql.connect(tmp_path / "new.duckdb", read_only=True)
    with pytest.raises(StateError, match="a database in memory cannot be read-only"):
        clio_sql.connect(read_only=True)


def test_a_file_that_is_open_in_another_way_says_so(file):
    with clio_sql.connect(file), pytest.raises(StateError, match="this process has it open in another way"):
        clio_sql.connect(file, read_only=True)


def test_a_file_locked_by_another_process_says_so(file):
    with clio_sql.connect(file):
        done = python("clio_sql.connect(sys.argv[1])", file)
    assert done.returncode == 1
    assert "StateError: warehouse.duckdb: another process has this database open." in done.stderr


def test_another_runtime_is_refused_while_open(file):
    with clio_sql.connect(file) as con, duckdb.connect(str(file)) as other:
        with pytest.raises(ClioError, match=r"already has the functions with .* Close the other connections"):
            clio_sql.register(other, embedding_model="another-model")
        assert works(other)
        con.close()
        clio_sql.register(other, embedding_model="another-model")
        assert engine_of(other).embedder.name == "another-model"


def test_an_unknown_provider_is_refused_and_the_file_released(file):
    with pytest.raises(UsageError, match="provider 'oracle' is not known"):
        clio_sql.connect(file, provider="oracle")
    assert python("duckdb.connect(sys.argv[1]).execute('create table t as select 1')", file).returncode == 0


# Closing


def test_state_is_out_of_reach_once_all_registered_are_closed_and_register_repairs_it(file):
    con, other = clio_sql.connect(file), duckdb.connect(str(file))
    con.close()
    assert other.execute(STATELESS).fetchone() == ([(0, 0)],)
    with pytest.raises(duckdb.InvalidInputException) as error:
        other.execute(FITTED)
    assert CLOSED in str(error.value)
    assert works(clio_sql.register(other))
    other.close()


def test_one_registered_connection_of_two_is_enough(file):
    with clio_sql.connect(file) as con, clio_sql.connect(file) as second, duckdb.connect(str(file)) as other:
        con.close()
        assert works(other) and works(second)


def test_close_releases_the_file(file):
    con = clio_sql.connect(file)
    assert works(con)
    con.close()
    done = python("duckdb.connect(sys.argv[1]).execute('create table t as select 1')", file)
    assert done.returncode == 0, done.stderr


def test_a_dropped_connection_releases_the_file(file):
    con = clio_sql.connect(file)
    assert works(con)
    del con
    done = python("duckdb.connect(sys.argv[1]).execute('create table t as select 1')", file)
    assert done.returncode == 0, done.stderr


CLOSINGS = """
from itertools import permutations, product

def use(con):
    con.execute("select clio_project([[1.0]])").fetchall()
    con.execute("select clio_centroids(clio_fit([[1.0], [3.0]], 2))").fetchall()

for drop, order in product((False, True), permutations("abd")):  # c is never registered, and the last
    con = {"a": clio_sql.connect(sys.argv[1]), "b": duckdb.connect(sys.argv[1]), "c": duckdb.connect(sys.argv[1])}
    clio_sql.register(con["b"])
    con["d"] = con["a"].cursor()
    for name in order:
        if not drop:
            con[name].close()
        del con[name]
        gc.collect()
        for other in con.values():
            try:
                use(other)
            except duckdb.ConnectionException:
                assert order.index("a") < order.index("d")  # a cursor is closed with its connection
            except duckdb.InvalidInputException as error:
                assert "is closed. Call clio_sql.register(con)" in str(error), error
                assert "b" not in con and "a" not in con
print("done")
"""


def test_no_order_of_closing_crashes(file):
    done = python(CLOSINGS, file)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("con = clio_sql.connect(); con.execute('select clio_project([[1.0]])').fetchall()", 0),
        ("con = clio_sql.connect(sys.argv[1]); cursor = con.cursor(); cursor.execute('select clio_words(1::text)')", 0),
        ("con = duckdb.connect(sys.argv[1]); other = duckdb.connect(sys.argv[1]); clio_sql.register(other)", 0),
        ("con = clio_sql.connect(sys.argv[1]); other = duckdb.connect(sys.argv[1]); lazy = other.sql('select 1')", 0),
        ("con = clio_sql.connect(); con.execute('select clio_fit([[1.0]], 0)')", 1),
        ("con = clio_sql.connect(); clio_sql.connect(sys.argv[1]); sys.exit(3)", 3),
        ("con = clio_sql.connect(); con.create_function('own', lambda x: x if con else 0, ['INT'], 'INT')", 0),
    ],
    ids=["unclosed", "cursor", "registered", "other", "error", "exit", "own_function"],
)
def test_leaving_python_with_an_open_connection_prints_no_leaks(file, code, status):
    done = python(code, file)
    assert done.returncode == status, done.stderr
    assert "nanobind" not in done.stderr and "leaked" not in done.stderr
