"""Reads conversations from files and databases of any known format into one table."""

from clio_sql.sources.reader import FORMATS, Source, moment, read

__all__ = ["FORMATS", "Source", "moment", "read"]
