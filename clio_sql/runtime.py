"""Runtime settings: who answers, with which model, where, at what cost. Never in the SQL.

The thresholds and facets of an analysis are relations (`sql/models/settings.sql`,
`sql/models/facets.sql`); the settings here change with the machine.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from clio_sql.errors import UsageError
from clio_sql.vectors.embedding import PACKAGED, chosen, default_model
from clio_sql.vectors.encoder import PRECISIONS

PROVIDERS = ("local", "anthropic", "openai")
DEVICES = ("auto", "cpu", "cuda", "mps")
BASE_URLS = {"anthropic": "https://api.anthropic.com", "openai": "https://api.openai.com/v1"}
MODEL, NAMING_MODEL = "claude-haiku-5-5", "claude-sonnet-5-5"


@dataclass(frozen=True)
class Runtime:
    """How functions are answered; the same arguments under the same runtime give the same result.

    provider: who answers the model functions: 'local' (no model, no cost), 'anthropic' or 'openai'.
    embedding_model: a sentence-transformers model, by name or folder. The default has weights packaged with the
        extra `offline`: all-MiniLM-L6-v2 for English, multilingual-e5-small for others (`vectors/embedding.py`).
    precision: of the packaged embedding models, 'int8', 'bfloat16' or 'float32'; 'auto' is that of the warehouse's
        vectors, or else the fastest that the processor multiplies in.
    device: where an embedding model computes: 'cpu', 'cuda' or 'mps'. 'auto' is the processor for the packaged models,
        and what sentence-transformers chooses for others.

    memory_limit: the most memory that DuckDB uses in a run, such as '8GB', before it continues on disk, next to the
        warehouse; None means 4 GB, or half of the machine's if that is less. The models need about 2 GB besides.

    The rest is for anthropic and openai; their keys are ANTHROPIC_API_KEY and OPENAI_API_KEY in the environment.
    model: answers extract, choose and audit; openai has no default. naming_model: names, proposes and merges; with
        openai it is `model` unless given.
    base_url: a server that speaks the Messages API (anthropic) or Chat Completions (openai: vLLM, llama.cpp, Ollama);
        ANTHROPIC_BASE_URL or OPENAI_BASE_URL, else the API's own. One over http is taken to be your own, and free.
    concurrency: the most calls in flight. max_usd: the most that a run may cost, in dollars.
    batch: send the calls of a step through Message Batches, at half price; not with openai.
    retry_failed: ask refused calls again.
    pay: if false, only stored answers are used; others fail, and no key is needed.
    """

    provider: str = "local"
    embedding_model: str = field(default_factory=default_model)
    precision: str = "auto"
    device: str = "auto"
    memory_limit: str | None = None
    model: str = MODEL
    naming_model: str = NAMING_MODEL
    base_url: str | None = None
    concurrency: int = 32
    max_usd: float = 10.0
    batch: bool = False
    retry_failed: bool = False
    pay: bool = True

    def __post_init__(self) -> None:
        for name, allowed in (("provider", PROVIDERS), ("precision", ("auto", *PRECISIONS)), ("device", DEVICES)):
            if (given := getattr(self, name)) not in allowed:
                raise UsageError(f"{name} {given!r} is not known; allowed: {', '.join(allowed)}.")
        chosen(self.embedding_model, self.precision, self.device)
        if self.provider == "openai" and self.model == MODEL:
            raise UsageError(
                "provider openai has no default model; name one with --model, as its server calls it "
                "(GET /v1/models lists them)."
            )
        if self.provider == "openai" and self.batch:
            raise UsageError("--batch is for provider anthropic alone; leave it out.")

    def answers(self) -> str:
        """What answers depend on: the same text means the same answers."""
        paid = f" {self.model} {self.naming_model} {self.base_url}" if self.provider != "local" else ""
        return f"{self.provider} {made_of(self.embedding_model)}{paid}"


@cache
def made_of(embedding_model: str) -> str:
    """What identifies an embedding model: its name, or for a folder, which may be private, a hash of its files."""
    folder = Path(embedding_model)
    if not folder.is_dir() or embedding_model in PACKAGED:
        return embedding_model
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder)
        if not any(part.startswith(".") for part in name.parts):  # such as .git
            with file.open("rb") as opened:
                digest.update(f"{name.as_posix()} {hashlib.file_digest(opened, 'sha256').hexdigest()}\n".encode())
    return f"folder@{digest.hexdigest()[:16]}"


def runtime(**arguments: object) -> Runtime:
    """A Runtime from arguments, then `CLIO_*` environment variables, then defaults. None means not given.

    But for the provider local base_url is never None: another server gives other answers.
    """
    given = {key: value for key, value in arguments.items() if value is not None}
    for each in fields(Runtime):
        text = os.environ.get(f"CLIO_{each.name.upper()}")
        if each.name not in given and text:
            given[each.name] = _parsed(each.name, each.type, text)
    if given.get("provider") == "openai" and "model" in given:
        given.setdefault("naming_model", given["model"])
    made = Runtime(**given)  # type: ignore[arg-type]
    return made if made.provider == "local" else replace(made, base_url=base_url_of(made.base_url, made.provider))


def base_url_of(base_url: str | None, provider: str) -> str:
    """`base_url`, else `…_BASE_URL` of the environment, else the API's own, as the provider's SDK takes it.

    The SDK of anthropic adds '/v1' itself; that of openai does not, so it is added here where there is no path.
    """
    url = base_url or os.environ.get(f"{provider.upper()}_BASE_URL") or BASE_URLS[provider]
    url = url.rstrip("/")
    if provider == "anthropic":
        return url.removesuffix("/v1")
    return url if urlsplit(url).path else f"{url}/v1"


def _parsed(name: str, type_: object, text: str) -> object:
    try:
        if type_ == "bool":
            return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
        return {"int": int, "float": float}.get(str(type_), str)(text)
    except (KeyError, ValueError):
        raise UsageError(f"CLIO_{name.upper()}={text!r} cannot be read; it must be of type {type_}.") from None
