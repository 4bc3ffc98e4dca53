"""Reads conversations from files and databases of any known format into one table."""

from clio_sql.sources.adapters import FORMATS
from clio_sql.sources.reader import Source, moment, read

__all__ = ["FORMATS", "Source", "moment", "read"]
