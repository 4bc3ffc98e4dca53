"""Every error that a user can get, each with the exit code of the command line.

A message is complete in itself: where, what was given, what is allowed, what to do next. It
never quotes a conversation, a user id or a value of a facet.
"""

from __future__ import annotations

import errno
import os
import re

# as the system says it, and as DuckDB does when it cannot spill to disk
FULL = re.compile(f"{re.escape(os.strerror(errno.ENOSPC))}|No space left|Disk quota|max_temp_directory_size", re.I)


class ClioError(Exception):
    """The base of all errors of clio-sql; its text is written for the user."""

    exit_code = 1


class UsageError(ClioError):
    """An argument is not allowed: nothing was done."""

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


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of the system or of DuckDB means that the disk is full."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or FULL.search(str(error)) is not None


def unwritten(what: object, error: OSError, advice: str) -> StateError:
    """The error for a file or folder that cannot be written. advice: what to do if the disk is not full."""
    if is_disk_full(error):
        return StateError(f"{what}: disk full. Free space there and run again; what was finished is kept.")
    return StateError(f"{what}: cannot be written ({error.strerror or type(error).__name__}). {advice}")
