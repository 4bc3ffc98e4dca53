"""clio_embed against sentence-transformers itself: the same vectors, whatever stands beside a text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clio_sql
from clio_sql.builder.reporting import Quiet
from clio_sql.errors import ProviderError, StateError, UsageError
from clio_sql.register import engine_of
from clio_sql.run.analyse import analyse
from clio_sql.runtime import Runtime, made_of
from clio_sql.vectors import embedding, encoder
from clio_sql.vectors.embedding import Embedder, _packaged_weights

WORDS = ["please", "book", "me", "a", "flight", "to", "the", "coast", "and", "was", "my", "card", "charged", "twice"]


def texts(number: int, longest: int, seed: int) -> list[str]:
    """Texts of up to so many words, all different, with some that no tokenizer expects."""
    random = np.random.default_rng(seed)
    made = [" ".join(random.choice(WORDS, random.integers(1, longest + 1))) + f" {i}" for i in range(number)]
    return ["", " ", "\0", "𝕏 🙈", "مرحبا بالعالم", "SELECT 1;\n\n", "x" * 5_000, *made]


LARGEST = np.load(Path(embedding.__file__).with_name("largest_minilm.npy"))
WORST = {"int8": 0.98, "bfloat16": 0.9995, "float32": 0.999999}  # cosine to the library's, of any text below
SHORT, LONG = texts(120, 20, seed=1), texts(6, 500, seed=2)  # the long ones are cut at 256 tokens


@pytest.fixture(scope="module")
def library():
    """What sentence-transformers makes of the packaged weights, as it comes."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(_packaged_weights()))


@pytest.fixture(scope="module", params=encoder.PRECISIONS)
def packed(request) -> encoder.Encoder:
    """The packaged model, in each precision that this processor multiplies in."""
    if not encoder.can(request.param):
        pytest.skip(f"this processor does not multiply in {request.param}")
    return encoder.Encoder(encoder.parts_in(_packaged_weights()), request.param, LARGEST)


def test_the_packaged_parts_are_those_that_the_library_loads(library):
    loaded, read = encoder.parts_of(library), encoder.parts_in(_packaged_weights())
    assert read[1:5] == loaded[1:5]
    used = {name: weights for name, weights in loaded.weights.items() if "pooler" not in name}
    assert all(np.array_equal(read.weights[name], weights) for name, weights in used.items())
    ids = [[text.ids for text in encoder.Encoder(parts, "float32").tokenizer.encode_batch_fast(SHORT + LONG)]
           for parts in (loaded, read)]  # fmt: skip
    assert ids[0] == ids[1] and max(map(len, ids[0])) == 256


def test_the_packaged_models_need_neither_the_library_nor_torch():
    code = (
        "import clio_sql.vectors.embedding as e, sys; e.embedder(e.LANGUAGES).encode(['a', '¿Dónde está mi paquete?']);"
        "print(*sys.modules)"
    )
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "openvino" in modules and not {"torch", "transformers", "sentence_transformers"} & set(modules)


def test_openvino_is_not_let_send_that_it_is_used(tmp_path):
    """Its import starts a process that posts to an analytics service, and keeps an id in the home folder."""
    code = (
        "import sys, clio_sql.vectors.embedding as e\nseen = []\n"
        "sys.addaudithook(lambda name, of: seen.append(name) if name[:7] in ('socket.', 'subproc') else None)\n"
        "e.embedder(e.ENGLISH).encode(['a'])\nprint(seen, 'openvino_telemetry' in sys.modules)"
    )
    home = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=home)
    assert done.stdout.strip().endswith("[] False") and not (tmp_path / "intel").exists()


@pytest.mark.parametrize("said", [SHORT, LONG], ids=["short", "long"])
def test_vectors_are_those_of_the_library(packed, library, said):
    wanted = library.encode(said, normalize_embeddings=True, show_progress_bar=False)
    found = packed.encode(said)
    assert found.dtype == np.float32 and found.shape == wanted.shape
    assert (found * wanted).sum(axis=1).min() >= WORST[packed.precision]


@given(st.lists(st.sampled_from(SHORT + LONG), min_size=1, max_size=30), st.integers(1, 2_000))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_vector_does_not_depend_on_the_texts_beside_it(packed, beside, tokens):
    """To the last bit: what a killed run left and what the next one adds are as if made at once."""
    alone = packed.encode(beside[:1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "TOKENS", tokens)
        assert (packed.encode(beside)[0] == alone[0]).all()
        assert (packed.encode(beside[::-1])[-1] == alone[0]).all()


def test_a_batch_has_texts_of_one_length_and_no_text_is_lost(monkeypatch):
    monkeypatch.setattr(encoder, "TOKENS", 4_096)
    lengths = [5, 9_000, 3, 5, 2_000, 2_000, 2_000, 3]
    batches = encoder._batches(lengths)
    assert batches == [[2, 7], [0, 3], [4, 5], [6], [1]]
    assert encoder._batches([]) == []


def test_a_number_format_that_gives_other_vectors_is_not_taken(library, monkeypatch):
    monkeypatch.setattr(encoder, "_flags", lambda: {"avx512_bf16"})
    monkeypatch.setattr(encoder, "Encoder", Inexact)
    assert encoder.faster(library).precision == "float32"
    monkeypatch.setattr(encoder, "ALIKE", 1.1)
    assert encoder.faster(library) is None


class Inexact(encoder.Encoder):
    """In float32 whatever it is asked for, and in bfloat16 badly."""

    def __init__(self, parts: encoder.Parts, precision: str) -> None:
        super().__init__(parts, "float32")
        self.precision = precision

    def encode(self, texts, tick=lambda more: None):
        found = super().encode(texts, tick)
        return found if self.precision == "float32" else found[::-1]


def test_a_model_on_a_gpu_is_left_to_the_library(monkeypatch):
    """Weights on torch's `meta` device stand for those on a GPU: nothing can be read from them."""
    from sentence_transformers import SentenceTransformer

    assert encoder.faster(SentenceTransformer(str(_packaged_weights()), device="meta")) is None
    asked = {}

    class Fake:
        device = SimpleNamespace(type="cuda")

        def __init__(self, place, device, model_kwargs) -> None:
            asked.update(place=place, device=device, **model_kwargs)

        def get_embedding_dimension(self) -> int:
            return 384

        def encode(self, texts, **how) -> np.ndarray:
            asked.update(how, largest=max(asked.get("largest", 0), len(texts)))
            return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))

    monkeypatch.setattr("sentence_transformers.SentenceTransformer", Fake)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    made = Runtime(embedding_model=embedding.ENGLISH, device="cuda")
    model = Embedder(made.embedding_model, embedding.chosen(made.embedding_model, device="cuda"), made.device)
    assert model.encode(["a", "b"] * 10 + [str(i) for i in range(300)]).shape == (320, 384)
    assert (
        asked.items() >= {"device": "cuda", "dtype": "bfloat16", "largest": 256, "normalize_embeddings": True}.items()
    )


def test_a_device_that_is_not_there_is_said():
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(ProviderError, match="device 'cuda': torch finds none on this machine; there is: cpu"):
        Embedder(embedding.ENGLISH, "bfloat16", "cuda").encode(["a"])


VNNI, BFLOAT16 = {"avx512_vnni", "avx512_bf16"}, {"avx512_bf16"}


@pytest.mark.parametrize(
    ("flags", "wanted"), [(VNNI, "int8"), ({"amx_int8"}, "int8"), (BFLOAT16, "bfloat16"), ({"avx2"}, "float32")]
)
def test_auto_is_the_fastest_that_the_processor_multiplies_in(monkeypatch, flags, wanted):
    monkeypatch.setattr(encoder, "_flags", lambda: flags)
    assert embedding.chosen(embedding.LANGUAGES) == wanted
    assert embedding.chosen(embedding.LANGUAGES, "float32") == "float32"
    assert embedding.chosen("another-model") is embedding.chosen("another-model", "int8") is None
    monkeypatch.setattr(encoder, "available", lambda: False)
    assert embedding.chosen(embedding.ENGLISH) == "float32"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"precision": "int4"}, "precision 'int4' is not known; allowed: auto, int8, bfloat16, float32"),
        ({"precision": "int8"}, "precision 'int8' is not for this processor; allowed: auto, bfloat16, float32"),
        ({"precision": "int8", "device": "cuda"}, "'int8' is not for device 'cuda'; allowed: auto, bfloat16, float32"),
        ({"device": "gpu"}, "device 'gpu' is not known; allowed: auto, cpu, cuda, mps"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_written(monkeypatch, asked, message):
    monkeypatch.setattr(encoder, "_flags", lambda: BFLOAT16)
    with pytest.raises(UsageError, match=message):
        Runtime(**asked)


def test_a_warehouse_keeps_the_precision_of_its_first_vectors(chats, tmp_path, monkeypatch):
    """And no vector of another stands beside them: a change is asked for, and embeds every text again."""
    monkeypatch.delenv("CLIO_PRECISION")
    monkeypatch.setattr(encoder, "_flags", lambda: {"avx2"})
    assert ran(chats, tmp_path) == ("first", "float32")
    monkeypatch.setattr(encoder, "_flags", lambda: BFLOAT16)
    assert ran(chats, tmp_path) == ("unchanged", "float32")
    assert ran(chats, tmp_path, precision="bfloat16") == ("embedding_model", "bfloat16")
    monkeypatch.setattr(encoder, "_flags", lambda: {"avx2"})
    before = left(tmp_path)
    with pytest.raises(StateError, match="in bfloat16, in which this machine does not compute"):
        ran(chats, tmp_path)
    assert left(tmp_path) == before
    assert ran(chats, tmp_path, precision="float32") == ("embedding_model", "float32")


def left(out) -> list[tuple]:
    """What a run would change first."""
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(
            "select built_at, precision, (from clio_state.builds select count(*)) from clio.build_info"
        ).fetchall()


def ran(chats, out, **runtime) -> tuple[str, str]:
    """Why clusters were fitted in a run, and the precision that it tells; every vector is of that precision."""
    embedding._embedder.cache_clear()
    told = analyse(str(chats), out, Quiet(), runtime=runtime)
    with clio_sql.connect(out / "warehouse.duckdb", read_only=True, **runtime) as con:
        con.execute("set search_path = 'clio,main'")
        ((model,),) = con.execute("select embedding_model from about").fetchall()
        vectors = (
            "select max(abs(1 - array_dot_product(embeddings.embedding, clio_embed(facet_values.value)))) "
            "from embeddings inner join facet_values on embeddings.value_hash = md5(facet_values.value)"
        )
        ((furthest,),) = con.execute(vectors).fetchall()
        assert furthest < 1e-6
    (why,) = set(told.fits.values()) or {"unchanged"}
    return why, model.rpartition(" in ")[2]


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


def test_after_a_stop_no_further_pass_begins(packed, monkeypatch):
    monkeypatch.setattr(encoder, "TOKENS", 1)
    passes, means = [], packed._means
    monkeypatch.setattr(packed, "_means", lambda ids: (passes.append(len(ids)), means(ids))[1])

    def stop(more: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        packed.encode(SHORT, stop)
    begun = len(passes)
    packed.encode(SHORT[:1])  # waits for all that were not called off
    assert len(passes) <= begun + 1 + packed._threads._max_workers < len(SHORT)


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
