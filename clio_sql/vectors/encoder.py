"""The forward pass of a BERT sentence model, run by OpenVINO on the processor: in int8, bfloat16 or float32.

sentence-transformers pads every text of a batch to the longest and computes in float32. Here a batch has texts of one
length in tokens, so nothing is padded and nothing masked, and batches run side by side, each on a core or a few, which
is faster than one batch on all of them. In int8 the weights of the linear layers have eight bits, one scale a row, and
OpenVINO gives each token eight bits as it computes, one scale for GROUP numbers. A few numbers of a token are much
larger than all others; they are divided first, and the weights multiplied with as much, by the largest values that
`tests/largest_values.py` found (SmoothQuant, arXiv 2211.10438).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

PRECISIONS = ("int8", "bfloat16", "float32")  # the fastest first
FLAGS = {  # any of these in /proc/cpuinfo: the processor multiplies in it; elsewhere it would be emulated
    "int8": {"avx512_vnni", "avx_vnni", "amx_int8"},
    "bfloat16": {"avx512_bf16", "amx_bf16"},
}
HINTS = {"int8": "bf16", "bfloat16": "bf16", "float32": "f32"}  # for all that has not eight bits
TOKENS = 1_024  # per forward pass: a tenth of a second on one core, and 10 MB between the layers
GROUP = 384  # numbers of a token that share a scale in int8
SMOOTHED = 0.75  # how much of what is large is taken from the numbers to the weights
ALIKE = 0.995  # least cosine to what the library gives, for each of SENTENCES
SENTENCES = (
    "",
    "book a flight",
    "My card was charged twice, and the shop says that it never got the money. What can I do?",
    "SELECT name, count(*) FROM users GROUP BY name HAVING count(*) > 1;",
    "¿Dónde está mi paquete? 我的包裹在哪里 🙈",
    "user: please find me a quiet place to eat near the station. assistant: which kitchen do you prefer? " * 20,
)


class Parts(NamedTuple):
    """What a BERT sentence model is made of. tokenizer: it, or its JSON; longest: tokens of a text, the rest is cut."""

    tokenizer: str | Tokenizer
    longest: int
    heads: int
    layers: int
    epsilon: float
    weights: dict[str, Any]  # arrays, float32; that of the words may be anything with a shape and rows


class Encoder:
    """BERT, mean of the tokens, unit length.

    largest: for int8, the largest value of each number that goes into a layer's attention, and into its wide product:
    shape (2 * layers, width).
    """

    def __init__(self, parts: Parts, precision: str, largest: np.ndarray | None = None) -> None:
        from tokenizers import Tokenizer

        self.precision = precision
        self.tokenizer = Tokenizer.from_str(parts.tokenizer) if isinstance(parts.tokenizer, str) else parts.tokenizer
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(parts.longest)
        self.words = parts.weights["embeddings.word_embeddings.weight"]
        places = parts.weights["embeddings.position_embeddings.weight"]
        self.places = places + parts.weights["embeddings.token_type_embeddings.weight"][0]
        model = compiled(graph(parts, precision, largest), precision)
        beside = model.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._threads = ThreadPoolExecutor(beside, "clio_embed")
        self._idle: SimpleQueue[Any] = SimpleQueue()  # requests that no batch is using
        for _ in range(beside):
            self._idle.put(model.create_infer_request())

    def encode(self, texts: Sequence[str], tick: Callable[[int], None] = lambda more: None) -> np.ndarray:
        """One unit vector per text, float32, in order. tick: given the number of texts after each pass."""
        tokens = [text.ids for text in self.tokenizer.encode_batch_fast(list(texts))]
        vectors = np.empty((len(tokens), self.words.shape[1]), dtype=np.float32)

        def compute(places: list[int]) -> int:
            vectors[places] = self._means(np.array([tokens[place] for place in places]))
            return len(places)

        passes = [self._threads.submit(compute, places) for places in _batches([len(ids) for ids in tokens])]
        try:
            for each in passes:
                tick(each.result())
        finally:  # a stop leaves passes that have not begun
            for each in passes:
                each.cancel()
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _means(self, ids: np.ndarray) -> np.ndarray:
        """(texts, width): the mean over the tokens of texts of one length. ids: (texts, length)."""
        states = self.words[ids] + self.places[: ids.shape[1]]
        request = self._idle.get()
        try:
            return request.infer([states], share_inputs=True)[0]  # a copy, so the request is free again
        finally:
            self._idle.put(request)


def graph(parts: Parts, precision: str, largest: np.ndarray | None = None, probed: bool = False) -> Any:
    """The model for OpenVINO: embedded tokens (texts, length, width) to means (texts, width).

    probed: what `largest` is about comes out as well, each (texts * length, width).
    """
    openvino, op = _openvino()
    weights, width = parts.weights, parts.weights["embeddings.LayerNorm.bias"].shape[0]
    bits = precision == "int8"
    states = op.parameter([-1, -1, width], np.float32)
    shape = op.gather(op.shape_of(states), np.array([0, 1]), np.int64(0))
    split = op.concat([shape, np.array([parts.heads, width // parts.heads])], 0)
    probes = []

    def layer(name: str) -> tuple[np.ndarray, np.ndarray]:
        return weights[f"{name}.weight"], weights[f"{name}.bias"]

    def normed(given: Any, name: str) -> Any:
        scale, shift = layer(name)
        centred = op.mvn(given, np.array([-1]), True, parts.epsilon, "inside_sqrt")
        return op.add(op.multiply(centred, _constant(scale)), _constant(shift))

    def smoothed(given: Any, *products: tuple[np.ndarray, np.ndarray]) -> tuple[Any, list[Any]]:
        """What goes into those products, divided where it is large, and their weights, multiplied with as much."""
        probes.append(given)
        if not bits or largest is None:
            return given, list(products)
        heaviest = np.abs(np.concatenate([weight for weight, _ in products])).max(axis=0)
        by = np.maximum(largest[len(probes) - 1], 1e-3) ** SMOOTHED / np.maximum(heaviest, 1e-3) ** (1 - SMOOTHED)
        by = (by / np.exp(np.log(by).mean())).astype(np.float32)
        return op.multiply(given, _constant(1 / by)), [(weight * by, bias) for weight, bias in products]

    def linear(given: Any, product: tuple[np.ndarray, np.ndarray]) -> Any:
        weight, bias = product
        held = _eight_bits(weight) if bits else _constant(weight)
        return op.add(op.matmul(given, held, False, True), _constant(bias))

    def attended(given: Any, name: str) -> Any:
        """softmax(q k^T / sqrt(d)) v of each text; the query is divided before."""
        scale = (width // parts.heads) ** -0.5
        weight, bias = layer(f"{name}.query")
        query = (weight * scale, bias * scale)
        given, products = smoothed(given, query, layer(f"{name}.key"), layer(f"{name}.value"))
        q, k, v = (op.reshape(linear(given, product), split, False) for product in products)
        q, k, v = (op.transpose(each, np.array(axes)) for each, axes in ((q, QUERY), (k, KEY), (v, QUERY)))
        mixed = op.matmul(op.softmax(op.matmul(q, k, False, False), -1), v, False, False)
        return op.reshape(op.transpose(mixed, np.array(QUERY)), np.array([-1, width]), False)

    found = normed(op.reshape(states, np.array([-1, width]), False), "embeddings.LayerNorm")
    for number in range(parts.layers):
        name = f"encoder.layer.{number}"
        mixed = linear(attended(found, f"{name}.attention.self"), layer(f"{name}.attention.output.dense"))
        found = normed(op.add(found, mixed), f"{name}.attention.output.LayerNorm")
        given, products = smoothed(found, layer(f"{name}.intermediate.dense"))
        narrow = linear(op.gelu(linear(given, products[0]), "ERF"), layer(f"{name}.output.dense"))
        found = normed(op.add(found, narrow), f"{name}.output.LayerNorm")
    means = op.reduce_mean(op.reshape(found, op.concat([shape, np.array([width])], 0), False), np.array([1]))
    return openvino.Model([means, *(op.result(probe) for probe in probes if probed)], [states])


QUERY, KEY = [0, 2, 1, 3], [0, 2, 3, 1]  # axes of query (and value) and key: text, head, then the product's


def compiled(model: Any, precision: str) -> Any:
    """The model, ready for the processor, for as many batches side by side as OpenVINO finds best.

    OMP_NUM_THREADS, if set, is the number of threads; else there is one a core.
    """
    openvino, _ = _openvino()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    hint = HINTS[precision] if can("bfloat16") else "f32"
    return openvino.Core().compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "THROUGHPUT",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP if precision == "int8" else 0),
        **({"INFERENCE_NUM_THREADS": threads} if threads.isdecimal() and int(threads) else {}),
    })  # fmt: skip


@cache
def _openvino() -> tuple[Any, Any]:
    """OpenVINO and its operations. Importing it would tell its makers so: the package that sends this is not found."""
    name = "openvino_telemetry"
    there = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        import openvino
        from openvino import opset13
    finally:
        del sys.modules[name]
        if there is not None:
            sys.modules[name] = there
    return openvino, opset13


def _constant(numbers: np.ndarray) -> Any:
    _, op = _openvino()
    return op.constant(np.ascontiguousarray(numbers, dtype=np.float32))


def _eight_bits(weight: np.ndarray) -> Any:
    """Whole numbers from -127 to 127, times one scale a row."""
    _, op = _openvino()
    scale = np.maximum(np.abs(weight).max(axis=1, keepdims=True), 1e-9) / 127
    return op.multiply(op.convert(op.constant(np.round(weight / scale).astype(np.int8)), "f32"), _constant(scale))


def _batches(lengths: list[int]) -> list[list[int]]:
    """Indices of the texts, those of one length together, cut so that each batch has at most TOKENS, or is one text."""
    batches = []
    for length, same in groupby(sorted(range(len(lengths)), key=lengths.__getitem__), key=lengths.__getitem__):
        places, most = list(same), max(TOKENS // length, 1)
        batches += [places[start : start + most] for start in range(0, len(places), most)]
    return batches


@cache
def available() -> bool:
    """Whether OpenVINO is installed; it has no wheel for Linux on ARM, for one."""
    return find_spec("openvino") is not None


@cache
def _flags() -> frozenset[str]:
    """What the processor says that it can; empty where the system does not tell."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text("utf-8", "replace").splitlines() if file.exists() else []
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())


def can(precision: str) -> bool:
    """Whether this processor multiplies in it."""
    return precision == "float32" or (available() and bool(FLAGS[precision] & _flags()))


def faster(model: SentenceTransformer) -> Encoder | None:
    """The fastest Encoder that gives what `model` gives; None if it has other parts or is not on the processor."""
    if not available() or model.device.type != "cpu" or not _is_plain(model):
        return None
    parts = parts_of(model)
    wanted = model.encode(list(SENTENCES), normalize_embeddings=True, show_progress_bar=False)
    for precision in filter(can, PRECISIONS[1:]):
        encoder = Encoder(parts, precision)
        if (encoder.encode(SENTENCES) * wanted).sum(axis=1).min() >= ALIKE:
            return encoder
    return None


def parts_of(model: SentenceTransformer) -> Parts:
    """The parts of a model that the library loaded."""
    bert: Any = model[0].auto_model
    weights = {name: tensor.detach().float().cpu().numpy() for name, tensor in bert.state_dict().items()}
    tokenizer = model.tokenizer.backend_tokenizer.to_str()
    config = bert.config
    heads, layers = config.num_attention_heads, config.num_hidden_layers
    return Parts(tokenizer, model.max_seq_length, heads, layers, config.layer_norm_eps, weights)


def parts_in(folder: Path) -> Parts:
    """The parts of a model in one of the library's folders, known to be BERT and a mean.

    Without the library itself: importing it takes longer than the rest of a small run.
    """
    from safetensors.numpy import load_file

    def read(name: str) -> dict[str, Any]:
        return json.loads((folder / name).read_text("utf-8"))

    config, longest = read("config.json"), read("sentence_bert_config.json")["max_seq_length"]
    heads, layers = config["num_attention_heads"], config["num_hidden_layers"]
    tokenizer, weights = (folder / "tokenizer.json").read_text("utf-8"), load_file(folder / "model.safetensors")
    return Parts(tokenizer, longest, heads, layers, config["layer_norm_eps"], weights)


def _is_plain(model: SentenceTransformer) -> bool:
    """BERT with a fast tokenizer, then the mean of the tokens, no prompt; normalising may follow."""
    names = [type(module).__name__ for module in model]
    if names not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return False
    bert: Any = getattr(model[0], "auto_model", None)
    return (
        type(bert).__name__ == "BertModel"
        and bert.config.hidden_act == "gelu"
        and getattr(bert.config, "position_embedding_type", "absolute") == "absolute"
        and hasattr(model.tokenizer, "backend_tokenizer")
        and model.default_prompt_name is None
    )  # comparing results shows that the pooling is the mean
