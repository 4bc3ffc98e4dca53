"""clio_embed against sentence-transformers itself: the same vectors, whatever stands beside a text."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import clio_sql
from clio_sql.register import engine_of
from clio_sql.runtime import Runtime, made_of
from clio_sql.vectors import embedding, encoder
from clio_sql.vectors.embedding import Embedder, _packaged_weights

WORDS = ["please", "book", "me", "a", "flight", "to", "the", "coast", "and", "was", "my", "card", "charged", "twice"]


def texts(number: int, longest: int, seed: int) -> list[str]:
    """Texts of up to so many words, all different, with some that no tokenizer expects."""
    random = np.random.default_rng(seed)
    made = [" ".join(random.choice(WORDS, random.integers(1, longest + 1))) + f" {i}" for i in range(number)]
    return ["", " ", "\0", "𝕏 🙈", "مرحبا بالعالم", "SELECT 1;\n\n", "x" * 5_000, *made]


SHORT, LONG = texts(120, 20, seed=1), texts(6, 500, seed=2)  # the long ones are cut at 256 tokens


@pytest.fixture(scope="module")
def library():
    """What sentence-transformers makes of the packaged weights, as it comes."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(_packaged_weights()))


@pytest.fixture(scope="module", params=["bfloat16", "float32"])
def packed(request, library) -> encoder.Encoder:
    import torch

    return encoder.Encoder(encoder.parts_of(library), getattr(torch, request.param))


def test_the_packaged_parts_are_those_that_the_library_loads(library):
    import torch

    loaded, read = encoder.parts_of(library), encoder.parts_in(_packaged_weights())
    assert read[1:5] == loaded[1:5]
    used = {name: tensor for name, tensor in loaded.weights.items() if "pooler" not in name}
    assert all(torch.equal(read.weights[name], tensor) for name, tensor in used.items())
    ids = [[text.ids for text in encoder.Encoder(parts, torch.float32).tokenizer.encode_batch_fast(SHORT + LONG)]
           for parts in (loaded, read)]  # fmt: skip
    assert ids[0] == ids[1] and max(map(len, ids[0])) == 256


def test_the_packaged_model_needs_no_library():
    code = "import clio_sql.vectors.embedding as e, sys; e.embedder(e.ENGLISH).encode(['a']); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in modules and not {"transformers", "sentence_transformers"} & set(modules)


@pytest.mark.parametrize("given", [SHORT, LONG], ids=["short", "long"])
def test_vectors_are_those_of_the_library(packed, library, given):
    wanted = library.encode(given, normalize_embeddings=True, show_progress_bar=False)
    found = packed.encode(given)
    assert found.dtype == np.float32 and found.shape == wanted.shape
    assert (found * wanted).sum(axis=1).min() >= (0.9995 if "bfloat16" in str(packed.kind) else 0.999999)


def test_a_vector_does_not_depend_on_the_texts_beside_it(packed, monkeypatch):
    """In bfloat16 to the last bit: what a killed run left and what the next one adds are as if made at once."""
    mixed = SHORT[:60] + LONG[:10]
    whole = packed.encode(mixed)
    turned = packed.encode(mixed[::-1])[::-1]
    alone = np.concatenate([packed.encode([text]) for text in mixed[:20] + mixed[-3:]])
    monkeypatch.setattr(encoder, "TOKENS", 600)
    smaller = packed.encode(mixed)
    exact = encoder._has_bfloat16() and "bfloat16" in str(packed.kind)  # float32 has other kernels for small products
    for found, wanted in ((turned, whole), (smaller, whole), (alone, np.concatenate([whole[:20], whole[-3:]]))):
        assert (found == wanted).all() if exact else found == pytest.approx(wanted, abs=2e-3)


def test_a_pass_has_so_many_tokens_and_no_text_is_lost():
    lengths = [5, 9_000, 3, 4_000, 96, 1, 4_095]
    packs = encoder._packs(lengths)
    assert sorted(place for pack in packs for place in pack) == list(range(7))
    assert [[lengths[place] for place in pack] for pack in packs] == [[1, 3, 5, 96], [4_000], [4_095], [9_000]]
    assert encoder._packs([]) == []


def test_a_number_format_that_gives_other_vectors_is_not_taken(library, monkeypatch):
    import torch

    monkeypatch.setattr(encoder, "_has_bfloat16", lambda: True)
    packaged = encoder.parts_in(_packaged_weights())
    for find in (lambda: encoder.faster(library), lambda: encoder.fastest(packaged)):
        monkeypatch.setattr(encoder, "ALIKE", 0.995)
        assert find().kind is torch.bfloat16
        monkeypatch.setattr(encoder, "ALIKE", 0.999999)  # more than bfloat16 can do
        assert find().kind is torch.float32
        monkeypatch.setattr(encoder, "ALIKE", 1.1)
        assert find() is None


def test_another_pooling_is_seen_by_comparing_and_left_to_the_library(tmp_path):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(_packaged_weights()))
    model[1].pooling_mode = "cls"
    model.save(str(tmp_path))
    other = Embedder(str(tmp_path))
    found = other.encode(["book a flight", "soup"])
    assert other._encoder is None and other.dimension == 384
    wanted = SentenceTransformer(str(tmp_path)).encode(["book a flight", "soup"], normalize_embeddings=True)
    assert found == pytest.approx(wanted, abs=1e-5)


def test_a_model_in_a_folder_is_known_by_its_files(tmp_path):
    """Other weights in the same place are another model, and the same ones elsewhere are the same."""
    for name in ("a", "b"):
        (tmp_path / name / "part").mkdir(parents=True)
        (tmp_path / name / "part" / "model.safetensors").write_bytes(b"weights")
        (tmp_path / name / "config.json").write_text("{}")
    first = Runtime(embedding_model=str(tmp_path / "a")).answers()
    assert Runtime(embedding_model=str(tmp_path / "b")).answers() == first != Runtime().answers()
    assert str(tmp_path) not in first
    (tmp_path / "a" / "part" / "model.safetensors").write_bytes(b"others!")
    made_of.cache_clear()
    assert Runtime(embedding_model=str(tmp_path / "a")).answers() != first
    made_of.cache_clear()


def test_every_text_is_told_of_and_a_stop_is_heard_between_two_passes(monkeypatch):
    monkeypatch.setattr(encoder, "TOKENS", 600)
    with clio_sql.connect() as con:
        engine, told = engine_of(con), []
        engine.progress = lambda function, more: told.append(more)
        con.execute("create table t as select unnest(?) as text", [[*SHORT, *SHORT[:50]]])
        con.execute("select count(clio_embed(text)) from t").fetchone()
        assert sum(told) == len(SHORT) + 50 and len(told) > 2
        told.clear()
        engine.progress = lambda function, more: (told.append(more), engine.stop.set())
        with pytest.raises(Exception, match="Stopped: stopped"):
            con.execute("select count(clio_embed(text || '!')) from t").fetchone()
        assert len(told) == 1


def test_a_vector_that_memory_has_no_room_for_is_not_computed_again(monkeypatch):
    monkeypatch.setattr(embedding, "MEMORY", 5)
    model, said = Embedder(embedding.ENGLISH), [f"a table for {number}" for number in range(12)]
    first = model.encode(said)
    assert model.computed == 12
    assert (model.encode(said) == first).all()
    assert model.computed == 12
    monkeypatch.setattr(embedding, "SPILLED", 8)
    more = [f"a room for {number}" for number in range(12)]
    assert (model.encode(more) == model.encode(more)).all()
