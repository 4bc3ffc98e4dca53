"""Differentially private counts through OpenDP, if `settings.epsilon` is set: extra `dp`.

The private relation `noisy_cells` counts what is published, with a limited number of conversations per user;
`noise_bound` says how much one user can change all of it together. Noise for that is drawn here, once for each
state of the cells, into the table `noise`, which the relations of `sql/noisy/` publish.
"""

from __future__ import annotations

from typing import Any

import duckdb

from clio_sql.calls.store import now
from clio_sql.sql_text.quoting import identifier
from clio_sql.warehouse import host
from clio_sql.warehouse.database import inside, one, scalar, together

BUDGET = """
create or replace table {schema}.noise_budget as
    select (select sum(epsilon) from clio_state.noise_draws) as epsilon_spent;
"""
CELLS = "from {schema}.noisy_cells order by relation, facet, cluster_id, breakdown, cell"


def prepare(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Create `noise` and `noise_budget`, which relations read, if they are missing."""
    with inside(con, schema):
        host.create(con, "noise")
    con.execute(BUDGET.format(schema=identifier(schema)))


def draw(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Fill `noise` for the current cells; if neither they nor the settings changed, it stays as it is.

    Drawing again for the same cells would reveal more with each build, so it is not done; if anything changed, all is
    drawn again, and its epsilon added to `clio_state.noise_draws` in the same transaction.
    """
    prepare(con, schema)
    quoted = identifier(schema)
    epsilon, sensitivity = one(con, f"from {quoted}.noise_bound")
    if epsilon is None:  # old noise is dropped, since it names cells of that day, and so is the record of those cells
        with together(con):
            con.execute(f"delete from {quoted}.noise")
            forget_draws(con, schema)
        return
    cells = con.execute(CELLS.format(schema=quoted)).fetchall()
    query = "select md5(concat(?::varchar, ?::varchar, ?::varchar))"
    state = scalar(con, query, [epsilon, sensitivity, repr(cells)])
    last = con.execute(
        "select cells_hash from clio_state.noise_draws where schema_name = ? order by draw desc limit 1", [schema]
    ).fetchone()
    if last == (state,):
        return
    released = laplace(sensitivity, epsilon)([int(count) for row in cells for count in row[-2:]])
    pairs = zip(released[::2], released[1::2], strict=True)
    with together(con):
        con.execute(f"delete from {quoted}.noise")
        if cells:
            rows = [[*row[:-2], *pair] for row, pair in zip(cells, pairs, strict=True)]
            con.executemany(f"insert into {quoted}.noise values (?, ?, ?, ?, ?, ?, ?)", rows)
        con.execute(
            "insert into clio_state.noise_draws by name "
            "select coalesce(max(draw), 0) + 1 as draw, ?::timestamp as drawn_at, ? as epsilon, ? as sensitivity, "
            "? as cells_hash, ? as schema_name from clio_state.noise_draws",
            [now(), epsilon, sensitivity, state, schema],
        )
    prepare(con, schema)


def forget_draws(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Let the next build with an epsilon draw again, whatever its cells are. What was spent stays spent."""
    con.execute("update clio_state.noise_draws set cells_hash = null where schema_name = ?", [schema])


def laplace(sensitivity: int, epsilon: float) -> Any:
    """OpenDP's Laplace mechanism on a vector of counts; its `map(sensitivity)` is at most epsilon.

    sensitivity: L1, how far one user can move the vector. The noise is of integers, and drawn without a seed.
    """
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)

    def mechanism(scale: float) -> Any:
        return dp.m.make_laplace(*space, scale=scale)

    return mechanism(dp.binary_search_param(mechanism, d_in=sensitivity, d_out=epsilon))
