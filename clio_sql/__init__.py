"""clio-sql: what people use an assistant for, as SQL inside DuckDB."""

from clio_sql.builder import build, install
from clio_sql.register import connect, register

__all__ = ["build", "connect", "install", "register"]
