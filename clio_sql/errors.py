"""Every error a user can meet, each with the exit code of the command line.

A message stands alone: where, what was given, what is allowed, what to do next. It
never quotes a conversation, a user id or a value of a facet.
"""


class ClioError(Exception):
    """The base of all errors of clio-sql; its text is written for the user."""

    exit_code = 1


class UsageError(ClioError):
    """An argument is not one of those allowed: nothing was done."""

    exit_code = 2


class InputError(ClioError):
    """The input cannot be read, or its columns are not those of any known format."""

    exit_code = 3


class SqlError(ClioError):
    """A SQL file of the analysis is wrong: it names the file and what to change."""

    exit_code = 4


class ProviderError(ClioError):
    """The model cannot be used: no weights, no key, a refused request."""

    exit_code = 5


class CheckError(ClioError):
    """A check found bad rows, so nothing was published."""

    exit_code = 6


class StateError(ClioError):
    """The database that holds the state is closed, locked, read-only or damaged."""

    exit_code = 7


class Stopped(ClioError):
    """The run was stopped by the user; what was finished is kept."""

    exit_code = 130
