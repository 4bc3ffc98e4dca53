"""Asks the worker process, and kills it where a query does not end."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from clio_sql.errors import ClioError
from clio_sql.mcp.worker import Limits, out_of_time, serve

GRACE = 2  # seconds that a query has to end after it was interrupted
START = 60  # seconds that a new process has


class Refused(ClioError):
    """A query that was not answered; the text says why and what is allowed."""


class Reader:
    """Queries on the published file of a folder, one at a time, in a process of their own."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self.limits = folder, limits
        self._lock = threading.Lock()
        self._process: multiprocessing.process.BaseProcess | None = None

    def rows(self, sql: str, parameters: Mapping[str, object], most: int | None = None) -> dict[str, Any]:
        """{columns, rows, more} of one select; Refused if it is none, fails, or does not end in time."""
        wanted = self.limits.rows if most is None else most
        request = json.dumps({"sql": sql, "parameters": dict(parameters), "rows": wanted}).encode()
        with self._lock:
            answer = self._asked(request)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def close(self) -> None:
        with self._lock:
            self._kill()

    def _asked(self, request: bytes) -> dict[str, Any]:
        patience = self.limits.seconds + GRACE + (START if self._start() else 0)
        try:
            self._channel.send_bytes(request)
            if not self._channel.poll(patience):
                self._kill()
                raise Refused(out_of_time(self.limits))
            answer: dict[str, Any] = json.loads(self._channel.recv_bytes())
            return answer
        except (EOFError, OSError):  # it ended: of memory, mostly
            self._kill()
            raise Refused("the query was stopped: it needs too much memory. Aggregate or filter more.") from None

    def _start(self) -> bool:
        """Start the process if none is there; whether it was started."""
        if self._process is not None and self._process.is_alive():
            return False
        context = multiprocessing.get_context("spawn")
        self._channel, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, str(self.folder), self.limits), daemon=True)
        self._process.start()
        other.close()
        return True

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            with suppress(OSError):
                self._channel.close()
            self._process = None
