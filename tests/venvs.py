"""Virtual environments for programs whose dependencies clash with ours, made once and kept in pytest's cache."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest


def venv(config: pytest.Config, name: str, requirements: list[str], *, on_top: bool = False) -> Path:
    """The bin folder of an environment with `requirements`.

    on_top: it also sees what this process has, clio-sql too, so that only what clashes is installed anew.
    """
    base = sysconfig.get_path("purelib") if on_top else ""
    key = hashlib.sha256("\n".join([sys.version, base, *requirements]).encode()).hexdigest()[:12]
    assert config.cache is not None
    folder = config.cache.mkdir(f"venv-{name}") / key
    if not (folder / "complete").exists():
        _run(sys.executable, "-m", "venv", "--clear", folder)
        python = folder / "bin" / "python"
        if on_top:
            query = "import sysconfig; print(sysconfig.get_path('purelib'))"
            own = Path(_run(python, "-c", query).strip())
            (own / "below.pth").write_text(f"import site; site.addsitedir({base!r})\n")
        _run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements)
        (folder / "complete").touch()
    return folder / "bin"


def _run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
