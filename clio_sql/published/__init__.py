"""Writes and reads published files: the DuckDB file, Parquet, the report, the tree, copies of builds."""
