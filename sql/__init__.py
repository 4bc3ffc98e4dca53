"""The SQL of clio-sql, read as files: macros, sources, models, published, checks."""
