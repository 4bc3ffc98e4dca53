"""The private database: its state, tables of the host, lock, file modes, erasure and noise."""
