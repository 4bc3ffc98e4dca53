"""A run from input to published files, and what else works on a warehouse: plan, forget, trace."""
