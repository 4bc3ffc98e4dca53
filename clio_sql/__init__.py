"""clio-sql: what people use an assistant for, as SQL inside DuckDB."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clio_sql.builder import build, install
    from clio_sql.register import connect, register

__all__ = ["build", "connect", "install", "register"]

_HOMES = {"build": "builder", "connect": "register", "install": "builder", "register": "register"}


class _Package(ModuleType):
    """Loads DuckDB and the rest when a function is first used: `clio-sql --help` needs neither."""

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'clio_sql' has no attribute {name!r}")
        return getattr(import_module(f"clio_sql.{_HOMES[name]}"), name)

    @property
    def register(self) -> Any:
        """The function, although Python sets the module of that name here when it is imported."""
        return import_module("clio_sql.register").register

    @register.setter
    def register(self, module: ModuleType) -> None: ...


sys.modules[__name__].__class__ = _Package
