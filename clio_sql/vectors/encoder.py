"""The forward pass of a BERT sentence model on packed tokens: no padding, and bfloat16 if the processor supports it.

sentence-transformers pads every text of a batch to the longest and computes in float32. Here the tokens of many texts,
sorted by length, are in one matrix: each linear layer is one product, and only attention is done per text, for texts of
equal length together. Tested on all-MiniLM-L6-v2; any other model with the same parts is handled the same way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer
    from torch import Tensor, dtype

TOKENS = 4_096  # per forward pass: a fifth of a second on two cores, and 40 MB between the layers
ALIKE = 0.995  # least cosine to what the library gives, for each of SENTENCES
SENTENCES = (
    "",
    "book a flight",
    "My card was charged twice, and the shop says that it never got the money. What can I do?",
    "SELECT name, count(*) FROM users GROUP BY name HAVING count(*) > 1;",
    "¿Dónde está mi paquete? 我的包裹在哪里 🙈",
    "user: please find me a quiet place to eat near the station. assistant: which kitchen do you prefer? " * 20,
)


def _processor() -> dict[str, Any]:
    """What torch knows of it; empty where it tells nothing."""
    import torch

    return getattr(torch.cpu, "get_capabilities", dict)()


def _one_thread_a_core() -> None:
    """Two threads on one core wait for each other in a product. OMP_NUM_THREADS, if set, takes precedence."""
    import torch

    cores = _processor().get("num_physical_cores")
    if cores and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(cores, torch.get_num_threads()))


# One for all: each thread that calls torch would get its own team, and DuckDB has as many threads as cores.
_THREAD = ThreadPoolExecutor(1, thread_name_prefix="clio-embed", initializer=_one_thread_a_core)


class Parts(NamedTuple):
    """What a BERT sentence model is made of. tokenizer: it, or its JSON; longest: tokens of a text, the rest is cut."""

    tokenizer: str | Tokenizer
    longest: int
    heads: int
    layers: int
    epsilon: float
    weights: dict[str, Any]  # tensors; that of the words may be anything with a shape and rows


class Encoder:
    """BERT, mean of the tokens, unit length; weights in `kind`, a torch dtype."""

    def __init__(self, parts: Parts, kind: dtype) -> None:
        from tokenizers import Tokenizer

        self.kind, self.heads, self.epsilon, weights = kind, parts.heads, parts.epsilon, parts.weights
        self.tokenizer = Tokenizer.from_str(parts.tokenizer) if isinstance(parts.tokenizer, str) else parts.tokenizer
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(parts.longest)
        self.words = weights["embeddings.word_embeddings.weight"]
        self.places = weights["embeddings.position_embeddings.weight"]
        self.places = self.places + weights["embeddings.token_type_embeddings.weight"][0]
        self.norm = _layer(weights, "embeddings.LayerNorm")
        scale = (self.words.shape[1] // self.heads) ** -0.5
        names = [f"encoder.layer.{number}" for number in range(parts.layers)]
        self.layers = [_block(weights, name, kind, scale) for name in names]

    def encode(self, texts: Sequence[str], tick: Callable[[int], None] = lambda more: None) -> np.ndarray:
        """One unit vector per text, float32, in order. tick: given the number of texts after each pass."""
        tokens = [text.ids for text in self.tokenizer.encode_batch_fast(list(texts))]
        vectors = np.empty((len(tokens), self.words.shape[1]), dtype=np.float32)
        for places in _packs([len(ids) for ids in tokens]):
            vectors[places] = _THREAD.submit(self._forward, [tokens[place] for place in places]).result()
            tick(len(places))
        return vectors

    def _forward(self, texts: list[list[int]]) -> np.ndarray:
        import torch
        from torch.nn import functional as torch_nn

        groups = [(length, len(list(same))) for length, same in groupby(texts, key=len)]
        with torch.inference_mode():
            ids = torch.from_numpy(np.concatenate(texts))
            places = torch.cat([torch.arange(length).repeat(number) for length, number in groups])
            states = self._normed(self.words[ids] + self.places[places], self.norm).to(self.kind)
            for block in self.layers:
                mixed = self._attended(torch_nn.linear(states, *block["attention"]), groups)
                states = self._normed(states + torch_nn.linear(mixed, *block["mixed"]), block["mixed_norm"])
                wide = torch_nn.gelu(torch_nn.linear(states, *block["wide"]))
                states = self._normed(states + torch_nn.linear(wide, *block["narrow"]), block["narrow_norm"])
            means, rows = [], states.float().split([length * number for length, number in groups])
            for (length, number), part in zip(groups, rows, strict=True):
                means.append(part.view(number, length, -1).mean(dim=1))
            return torch_nn.normalize(torch.cat(means), dim=1).numpy()

    def _attended(self, states: Tensor, groups: list[tuple[int, int]]) -> Tensor:
        """softmax(q k^T / sqrt(d)) v of each text; plain products are faster here than torch's fused attention."""
        import torch

        width = states.shape[1] // 3
        mixed = torch.empty(len(states), width, dtype=states.dtype)
        sizes = [length * number for length, number in groups]
        for (length, number), part, out in zip(groups, states.split(sizes), mixed.split(sizes), strict=True):
            heads = part.view(number, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            q, k, v = heads.reshape(3, number * self.heads, length, -1)
            found = torch.softmax(q @ k.transpose(1, 2), dim=-1) @ v  # q is divided already
            out.view(number, length, self.heads, -1).copy_(found.view(number, self.heads, length, -1).transpose(1, 2))
        return mixed

    def _normed(self, states: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
        from torch.nn import functional as torch_nn

        return torch_nn.layer_norm(states, (states.shape[1],), *weights, self.epsilon)


def fastest(parts: Parts, wanted: np.ndarray | None = None) -> Encoder | None:
    """The fastest Encoder that gives `wanted` for SENTENCES, or else what float32 gives; None if none does."""
    import torch

    plain = Encoder(parts, torch.float32)
    if wanted is None:
        wanted = plain.encode(SENTENCES)
    for encoder in (Encoder(parts, torch.bfloat16), plain) if _has_bfloat16() else (plain,):
        if (encoder.encode(SENTENCES) * wanted).sum(axis=1).min() >= ALIKE:
            return encoder
    return None


def faster(model: SentenceTransformer) -> Encoder | None:
    """The fastest Encoder that gives what `model` gives; None if the model has other parts."""
    if not _is_plain(model):
        return None
    return fastest(parts_of(model), model.encode(list(SENTENCES), normalize_embeddings=True, show_progress_bar=False))


def parts_of(model: SentenceTransformer) -> Parts:
    """The parts of a model that the library loaded."""
    bert: Any = model[0].auto_model
    weights = {name: tensor.detach() for name, tensor in bert.state_dict().items()}
    tokenizer = model.tokenizer.backend_tokenizer.to_str()
    config = bert.config
    heads, layers = config.num_attention_heads, config.num_hidden_layers
    return Parts(tokenizer, model.max_seq_length, heads, layers, config.layer_norm_eps, weights)


def parts_in(folder: Path) -> Parts:
    """The parts of a model in one of the library's folders, known to be BERT and a mean.

    Without the library itself: importing it takes longer than the rest of a small run.
    """
    from safetensors.torch import load_file

    def read(name: str) -> dict[str, Any]:
        return json.loads((folder / name).read_text("utf-8"))

    config, longest = read("config.json"), read("sentence_bert_config.json")["max_seq_length"]
    heads, layers = config["num_attention_heads"], config["num_hidden_layers"]
    tokenizer, weights = (folder / "tokenizer.json").read_text("utf-8"), load_file(folder / "model.safetensors")
    return Parts(tokenizer, longest, heads, layers, config["layer_norm_eps"], weights)


def best_kind() -> dtype:
    """bfloat16 where the processor multiplies in it, else float32."""
    import torch

    return torch.bfloat16 if _has_bfloat16() else torch.float32


def _packs(lengths: list[int]) -> list[list[int]]:
    """Indices of the texts by length, cut so that each part has at most TOKENS tokens, or is one text."""
    packs: list[list[int]] = []
    filled = TOKENS
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        filled += lengths[place]
        if filled > TOKENS:
            packs.append([])
            filled = lengths[place]
        packs[-1].append(place)
    return packs


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


def _has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16; elsewhere it is emulated, and slower than float32."""
    can = _processor()
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def _block(weights: dict[str, Any], name: str, kind: dtype, scale: float) -> dict[str, tuple[Tensor, Tensor]]:
    """Weights and biases of one layer; query, key and value are one product, the query already divided by sqrt(d)."""
    import torch

    query, key, value = (_layer(weights, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
    query = (query[0] * scale, query[1] * scale)
    return {part: (pair[0].to(kind), pair[1].to(kind)) for part, pair in {
        "attention": (torch.cat([query[0], key[0], value[0]]), torch.cat([query[1], key[1], value[1]])),
        "mixed": _layer(weights, f"{name}.attention.output.dense"),
        "mixed_norm": _layer(weights, f"{name}.attention.output.LayerNorm"),
        "wide": _layer(weights, f"{name}.intermediate.dense"),
        "narrow": _layer(weights, f"{name}.output.dense"),
        "narrow_norm": _layer(weights, f"{name}.output.LayerNorm"),
    }.items()}  # fmt: skip


def _layer(weights: dict[str, Any], name: str) -> tuple[Tensor, Tensor]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]
