"""A PostgreSQL server of its own on a socket in a folder, for tests; made by Debian's programs, ended with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, or None where there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1].parent if found else None


@contextmanager
def running() -> Iterator[str]:
    """The URL of database `postgres`, user `reader`, reached by socket alone."""
    folder = Path(mkdtemp(prefix="pg"))  # a socket's path may not be long
    user = {"user": "postgres"} if os.geteuid() == 0 else {}  # the server refuses to run as root
    if user:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)

    def do(*command: object) -> None:
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, timeout=60, cwd="/", **user)

    bin_, data = programs(), folder / "data"
    assert bin_ is not None
    try:
        do(bin_ / "initdb", "-D", data, "-U", "reader", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        do(bin_ / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql://reader@/postgres?host={folder}"
        finally:
            do(bin_ / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
