"""`python -m clio_sql.cli`."""

from clio_sql.cli.commands import main

if __name__ == "__main__":
    main()
