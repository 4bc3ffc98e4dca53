"""SQL as text: names and values quoted, and what a query reads and calls."""
