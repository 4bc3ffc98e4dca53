"""Every function of the table in udfs/README.md, called in SQL on a real DuckDB."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import duckdb
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import clio_sql
from clio_sql.register import FUNCTIONS, MACROS, engine_of
from clio_sql.words import words

# The type and a call of each. Describing runs a constant call, so these calls also must not fail.
CALLS = {
    "clio_extract": ("MAP(VARCHAR, VARCHAR)", "clio_extract('book a flight', {task: 'What is asked?'})"),
    "clio_extract_by_rule": (
        "MAP(VARCHAR, VARCHAR)",
        "clio_extract_by_rule('book a flight', {task: 'What is asked?'})",
    ),
    "clio_learn": (
        "STRUCT(model VARCHAR, answers VARCHAR[])",
        "clio_learn([[1.0, 2.0], [2.0, 1.0]], ['a', 'b'])",
    ),
    "clio_predict": (
        "STRUCT(answer VARCHAR, probability FLOAT)",
        "clio_predict([1.0, 2.0], clio_learn([[1.0, 2.0], [2.0, 1.0]], ['a', 'b']))",
    ),
    "clio_embed": ("FLOAT[384]", "clio_embed('book a flight')"),
    "clio_fit": ("VARCHAR", "clio_fit([[1.0]], 1)"),
    "clio_cluster": (
        'STRUCT(cluster_id INTEGER, "distance" FLOAT, runner_up INTEGER, runner_up_distance FLOAT)',
        "clio_cluster([1.0], clio_fit([[1.0]], 1))",
    ),
    "clio_centroids": ("FLOAT[][]", "clio_centroids(clio_fit([[1.0]], 1))"),
    "clio_link": ("INTEGER[]", "clio_link([[1.0, 2.0], [2.0, 1.0]], 2)"),
    "clio_match": ("BOOLEAN[]", "clio_match(['a'], ['x'], [1.0])"),
    "clio_alike": ("INTEGER[]", "clio_alike([[1.0, 2.0], [2.0, 1.0]], 0.9)"),
    "clio_name": (
        'STRUCT("name" VARCHAR, description VARCHAR)',
        "clio_name(['book a flight'], ['hotel'], '', terms := ['flight'])",
    ),
    "clio_propose": ("VARCHAR[]", "clio_propose(['flights', 'trains'], 1)"),
    "clio_merge": ("VARCHAR[]", "clio_merge(['flights', 'trains'], 1)"),
    "clio_choose": ("VARCHAR", "clio_choose('flights', ['travel', 'food'])"),
    "clio_audit": ("STRUCT(rating INTEGER, reason VARCHAR)", "clio_audit('flights')"),
    "clio_project": ("FLOAT[2][]", "clio_project([[1.0, 2.0], [2.0, 3.0]])"),
    "clio_word": (
        "STRUCT(lemma VARCHAR, ordinary BOOLEAN, stop BOOLEAN, vague BOOLEAN, task BOOLEAN, sensitive VARCHAR, "
        'part VARCHAR, "name" VARCHAR)',
        "clio_word('flights')",
    ),
    "clio_breaks": ("VARCHAR", "clio_breaks('席を予約')"),
    "clio_phrase": ("VARCHAR", "clio_phrase(['book', 'a', 'flight'])"),
    "clio_unspaced": ("VARCHAR[]", "clio_unspaced('席を予約')"),
    "clio_words": ("VARCHAR[]", "clio_words('book a flight')"),
    "clio_spelled": ("VARCHAR[]", "clio_spelled('Book a flight')"),
    "clio_identifies": ("BOOLEAN", "clio_identifies('four one five')"),
    "clio_tokens": ("VARCHAR[]", "clio_tokens('book a flight')"),
    "clio_unsupported": ("VARCHAR[]", "clio_unsupported('book a flight', ['book'])"),
    "clio_gate": ("BOOLEAN", "clio_gate(12, 20, 2, 10, 15, 0.3)"),
    "clio_user_id": ("VARCHAR", "clio_user_id(' anna ')"),
    "clio_margin": ("INTEGER", "clio_margin('salt', 'word', 10)"),
    "clio_transcript": ("VARCHAR", "clio_transcript([{role: 'user', content: 'book a flight'}])"),
    "clio_terms": ("VARCHAR[]", "clio_terms(['book a flight'], ['u'], 1)"),
}
# One call of each with NULL in each place where a row may have one.
NULLS = (
    "clio_extract(x, {task: 'q'})",
    "clio_extract('t', x)",
    "clio_extract_by_rule(x, {task: 'q'})",
    "clio_extract_by_rule('t', x)",
    "clio_learn(x::float[][], ['a'])",
    "clio_learn([[1.0]], x::varchar[])",
    "clio_predict(x::float[], {model: 'm', answers: ['a']}).answer",
    "clio_predict([1.0], {model: x::varchar, answers: ['a']}).answer",
    "clio_embed(x)",
    "clio_fit(x::float[][], 1)",
    "clio_fit([[1.0]], x::integer)",
    "clio_cluster(x::float[], 'no model')",
    "clio_cluster([1.0], x)",
    "clio_centroids(x)",
    "clio_link(x::float[][], 1)",
    "clio_link([[1.0]], x::integer)",
    "clio_breaks(x)",
    "clio_unspaced(x)",
    "clio_match(x::varchar[], ['x'], [1.0])",
    "clio_match(['a'], x::varchar[], [1.0])",
    "clio_match(['a'], ['x'], x::double[])",
    "clio_alike(x::float[][], 0.9)",
    "clio_alike([[1.0]], x::double)",
    "clio_name(x::varchar[], [], '')",
    "clio_name(['a'], x::varchar[], '')",
    "clio_name(['a'], [], '', terms := x::varchar[])",
    "clio_propose(x::varchar[], 1)",
    "clio_propose(['a'], x::integer)",
    "clio_merge(x::varchar[], 1)",
    "clio_choose(x, ['a'])",
    "clio_choose('a', x::varchar[])",
    "clio_audit(x)",
    "clio_project(x::float[][])",
    "clio_word(x)",
    "clio_words(x)",
    "clio_tokens(x)",
    "clio_spelled(x)",
    "clio_identifies(x)",
    "clio_user_id(x)",
    "clio_margin(x, 'word', 10)",
    "clio_margin('salt', x, 10)",
    "clio_margin('salt', 'word', x::integer)",
    "clio_unsupported(x, ['a'])",
    "clio_transcript(x::struct(role varchar, content varchar)[])",
    "clio_transcript([{role: 'user', content: 'a'}], x::integer)",
    "clio_terms(x::varchar[], ['u'])",
    "clio_terms(['a'], x::varchar[])",
    "clio_terms(['a'], ['u'], x::integer)",
)


@pytest.fixture(scope="module")
def con():
    con = clio_sql.connect()
    yield con
    con.close()


def one(con: duckdb.DuckDBPyConnection, query: str, *parameters: object):
    """The one value of a query."""
    return con.execute(f"select {query}", list(parameters)).fetchone()[0]


def fails(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """What the function says when it refuses: the text after DuckDB's own words."""
    with pytest.raises(duckdb.InvalidInputException) as error:
        con.execute(f"select {query}").fetchall()
    return str(error.value).split("executing the UDF: ", 1)[1].split(": ", 1)[1]


# Tables of one's own


def test_a_transcript_says_who_said_what_and_nothing_said_can_close_a_tag(con):
    messages = """[
        {role: 'system', content: 'Be kind'}, {role: 'human', content: 'Is 3 < 4? </user>'},
        {role: 'ai', content: 'Yes'}, {role: 'tool', content: repeat('a', 400) || repeat('b', 400)},
        {role: '<x>', content: 'odd'}, {role: 'user', content: null}]"""
    long = "a" * 350 + " [... shortened ...] " + "b" * 150
    parts = [("user", "Is 3 &lt; 4? &lt;/user&gt;"), ("assistant", "Yes"), ("tool", long), ("other", "odd")]
    wanted = "\n".join(f"<{role}>\n{text}\n</{role}>" for role, text in parts)
    assert one(con, f"clio_transcript({messages})") == wanted
    assert len(one(con, f"clio_transcript({messages}, max_transcript_characters := 100)")) == 121
    assert one(con, f"clio_extract(clio_transcript({messages}), {{task: '?'}})['task']") == "Is 3 < 4? </user>"


def test_any_other_text_is_one_turn_of_a_user(con):
    assert one(con, "clio_extract('Why is 3 < 4?', {task: 'What is asked?'})['task']") == "Why is 3 < 4"


def terms(con: duckdb.DuckDBPyConnection, texts: dict[str, str], least: int = 2) -> list[str]:
    """What `clio_terms` gives for user -> text."""
    return one(con, "clio_terms(?::varchar[], ?::varchar[], ?)", list(texts.values()), list(texts), least)


def test_terms_are_what_enough_users_wrote(con):
    said = {"u1": "order a pizza in Leeds", "u2": "order a pizza for jane kowalski", "u3": "order the pizza"}
    assert terms(con, said) == ["order a pizza"]
    assert terms(con, said, 4) == []
    # who has no name, or has several sessions, counts once or not at all
    nobody = {"anonymous": "rent a boat", "": "rent a boat", "nan": "rent a boat", "u1": "rent a boat"}
    assert terms(con, nobody) == []
    sessions = {f"user_1a_account_2b_session_{n}": "rent a boat" for n in range(9)}
    assert terms(con, sessions) == []


def test_names_and_what_is_sensitive_need_more_users_to_be_terms(con):
    people = {f"u{n}": "a letter to jane kowalski" for n in range(99)}
    assert terms(con, people, 10) == ["letter"]
    assert "kowalski" in " ".join(terms(con, people | {"u99": "to jane kowalski"}, 10))
    hills = {f"u{n}": "a flat for rose hill" for n in range(50)}
    assert "rose hill" not in " ".join(terms(con, hills, 10))
    ill = {f"u{n}": "my depression" if n < 12 else "my holiday" for n in range(60)}
    assert terms(con, ill, 10) == ["holiday"]
    assert "depression" in terms(con, {user: said for user, said in ill.items() if int(user[1:]) < 40}, 10)


def test_a_description_says_some_only_of_what_a_member_holds(con):
    called = "clio_name(['check my balance', 'my balance'], [], '', terms := ['balance', 'savings', 'overdraft'])"
    assert (
        one(con, f"{called}.description") == "Users write about 'balance'. No other phrase is shared by enough people."
    )


@pytest.mark.parametrize("choices", ["", ", choices: null::varchar[]", ", choices: []::varchar[]"])
def test_a_category_needs_choices(con, choices):
    question = f"{{mood: {{question: 'Which?', kind: 'category'{choices}}}}}"
    assert "facet 'mood' is a category without choices" in fails(con, f"clio_extract('book a flight', {question})")


# All of them


def test_every_function_is_called_here():
    sql_alone = {
        "clio_words",
        "clio_spelled",
        "clio_tokens",
        "clio_identifies",
        "clio_unsupported",
        "clio_gate",
        "clio_user_id",
        "clio_margin",
        "clio_phrase",
        "clio_unspaced",
        "clio_transcript",
        "clio_terms",
    }
    assert set(CALLS) == set(MACROS) == {function.name for function in FUNCTIONS} | sql_alone


@pytest.mark.parametrize("function", CALLS)
def test_return_type(con, function):
    expected, call = CALLS[function]
    assert con.execute(f"describe select {call}").fetchone()[1] == expected


@pytest.mark.parametrize("call", NULLS)
def test_null_in_null_out_without_a_call(con, call):
    answered = []
    engine = engine_of(con)
    engine.progress = lambda function, rows: answered.append((function, rows))
    try:
        rows = con.execute(f"select {call} from (select null::varchar as x from range(3))").fetchall()
    finally:
        engine.progress = None
    assert rows == [(None,)] * 3
    assert sum(rows for _, rows in answered) == 0


def test_null_rows_stay_in_their_place(con):
    texts = "values (1, 'bank fees'), (2, null), (3, 'call 5551234')"
    query = f"select clio_audit(t).rating from ({texts}) v(i, t) order by i"
    assert con.execute(query).fetchall() == [(5,), (None,), (1,)]


@pytest.mark.parametrize("function", [function.name for function in FUNCTIONS if function.answered])
def test_raw_form_tells_value_status_and_error(con, function):
    value, _ = CALLS[function]
    raw = one(con, "return_type from duckdb_functions() where function_name = ?", f"{function}_raw")
    assert raw == f'STRUCT("value" {value}, status VARCHAR, "error" VARCHAR)'


def test_ok_has_a_value_and_no_error(con):
    assert one(con, "clio_audit_raw('bank fees')") == {
        "value": {"rating": 5, "reason": "ordinary words only"}, "status": "ok", "error": None,
    }  # fmt: skip


def test_failed_has_no_value_and_says_why(con):
    raw = one(con, "clio_name_raw(['check my balance'], [], '', [], [], [])")
    assert raw == {
        "value": None, "status": "failed", "error": "no phrase that enough people used sets this group apart",
    }  # fmt: skip
    assert one(con, "clio_name(['check my balance'], [], '')") is None


def test_stop_event_raises(con):
    engine = engine_of(con)
    engine.stop.set()
    try:
        for call in ("clio_embed('stop me')", "clio_audit('stop me')", "clio_fit([[3.0]], 1)", "clio_word('stop')"):
            assert fails(con, call) == "stopped; what was finished is kept, and the next run goes on from there."
    finally:
        engine.stop.clear()
    assert one(con, "clio_audit('stop me').rating") == 5


def test_progress_counts_every_row_once(con):
    seen = []
    engine = engine_of(con)
    engine.progress = lambda function, rows: seen.append((function, rows))
    try:
        con.execute("select count(clio_audit('fee ' || (i % 26)).rating) from range(5000) t(i)").fetchall()
    finally:
        engine.progress = None
    assert {function for function, _ in seen} == {"audit"}
    assert sum(rows for _, rows in seen) == 5000


def test_an_unforeseen_error_quotes_no_text(con):
    """What a library says may hold a piece of the conversation; only its type goes on."""
    engine = engine_of(con)
    provider = engine.provider
    engine.provider = None
    try:
        text = fails(con, "clio_audit('the secret of Jane')")
    finally:
        engine.provider = provider
    assert text == "clio_audit: AttributeError inside the function."


# clio_extract


def test_extract_takes_a_struct_of_questions(con):
    query = """clio_extract('Hello, could you please book a table for us?', {
        task: 'What is the assistant asked to do?',
        topic: {question: 'What is it about?', kind: 'category', choices: ['restaurants', 'tax law']},
        concern: {question: 'How concerning is it?', kind: 'score'}})"""
    assert one(con, query) == {"task": "book a table for us", "topic": "restaurants", "concern": "1"}


def test_extract_takes_a_map_of_questions(con):
    query = "clio_extract('book a table for us', map {'request': 'What is wanted?', 'task': 'What is asked?'})"
    assert one(con, query) == {"request": "book a table for us", "task": "book a table for us"}
    query = "clio_extract('write malware', map {'concern': {question: 'How bad?', kind: 'score'}})['concern']"
    assert one(con, query) == "4"


def test_extract_questions_may_differ_by_row(con):
    rows = con.execute("""
        select clio_extract('book a table', map {f: 'q'}) from (values ('one'), ('two')) v(f) order by f
    """).fetchall()
    assert rows == [({"one": "book a table"},), ({"two": "book a table"},)]


@pytest.mark.parametrize(
    ("questions", "expected"),
    [
        ("{tone: {question: 'q', kind: 'categorical'}}",
         "clio_extract: facet 'tone' has kind 'categorical'; allowed: text, category, score. Change the question."),
        ("{tone: {question: 'q', kind: 'category', choices: 'warm'}}",
         "clio_extract: facet 'tone' has choices that are not a list of texts, such as ['a', 'b']."),
        ("{tone: {question: 'q', kind: 'category', choices: ['warm', null]}}",
         "clio_extract: facet 'tone' has choices that are not a list of texts, such as ['a', 'b']."),
        ("{tone: {question: 'q', kind: 'category', choice: ['warm']}}",
         "clio_extract: facet 'tone' has 'choice' beside its question; allowed: question, kind, choices. "
         "Change the question."),
        ("{tone: {kind: 'text'}}",
         "clio_extract: facet 'tone' needs a question: a text, or a struct {question, kind, choices}."),
        ("{tone: null}",
         "clio_extract: facet 'tone' needs a question: a text, or a struct {question, kind, choices}."),
        ("'What is asked?'", "clio_extract: questions must be a struct or map from a facet to a question, such as "
         "{task: 'What is the assistant asked to do?'}."),
        ("map {}", "clio_extract: questions must be a struct or map from a facet to a question, such as "
         "{task: 'What is the assistant asked to do?'}."),
    ],
)  # fmt: skip
def test_extract_says_what_is_wrong_with_a_question(con, questions, expected):
    assert fails(con, f"clio_extract('book a table', {questions})") == expected


def test_extract_raw_refuses_what_is_not_json(con):
    assert fails(con, "clio_extract_raw('book a table', 'task')").startswith("clio_extract: questions must be")


# clio_embed


def vectors(con, *texts: str) -> np.ndarray:
    return np.array([one(con, "clio_embed(?)", text) for text in texts])


def test_embed_has_unit_length_whatever_the_text(con):
    texts = ["book a flight", "", " ", "\0", "𝕏 🙈", "مرحبا", "x" * 50_000]
    assert np.linalg.norm(vectors(con, *texts), axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)


def test_embed_puts_like_near_like(con):
    flight, plane, soup = vectors(con, "book a flight", "reserve a plane ticket", "a recipe for soup")
    assert flight @ plane > flight @ soup + 0.2


def test_embed_equal_texts_once(con):
    embedder = engine_of(con).embedder
    before = embedder.computed
    query = "select count(distinct clio_embed('counted text ' || (i % 7))) from range(4500) t(i)"
    assert con.execute(query).fetchone() == (7,)
    assert embedder.computed - before == 7
    con.execute(query).fetchall()
    assert embedder.computed - before == 7


def test_embed_keeps_the_order_of_a_long_batch(con):
    """Vectors come in the order of the rows, though texts are embedded by length and once each."""
    con.execute(
        "create or replace temp table parts as select i % 7 as k, 'counted text ' || k as t from range(2000) r(i)"
    )
    query = "select k, count(distinct v) from (select k, clio_embed(t) as v from parts) group by k order by k"
    assert con.execute(query).fetchall() == [(k, 1) for k in range(7)]


def test_embed_gives_the_same_vector_alone_and_in_a_batch(con):
    from clio_sql.vectors.embedding import Embedder

    texts = ["book a flight", "soup", "where is my parcel and why does it take so long to arrive"]
    fresh = Embedder(engine_of(con).embedder.name)
    assert fresh.encode(texts[::-1])[::-1] == pytest.approx(vectors(con, *texts), abs=1e-5)


# clio_fit, clio_cluster, clio_centroids

POINTS = "[[0.0, 0.0], [0.0, 1.0], [9.0, 9.0], [9.0, 8.0], [5.0, 0.0]]"


def test_fit_gives_the_same_id_every_time_and_place(con, tmp_path):
    model = one(con, f"clio_fit({POINTS}, 3)")
    assert one(con, f"clio_fit({POINTS}::float[][], 3)") == model
    with clio_sql.connect(tmp_path / "w.duckdb") as on_file:
        on_file.execute("set threads = 4")
        assert one(on_file, f"clio_fit({POINTS}, 3)") == model
        assert one(on_file, f"clio_fit({POINTS}, 3)") == model
        assert on_file.execute("select model, k, dimension from clio_state.models").fetchall() == [(model, 3, 2)]


def test_fit_id_tells_other_centroids(con):
    ids = {one(con, f"clio_fit({POINTS}, {k})") for k in (1, 2, 3)}
    assert len(ids | {one(con, "clio_fit([[0.0, 0.0]], 1)"), one(con, "clio_fit([[0.0], [0.0]], 1)")}) == 5


def test_fit_finds_the_groups(con):
    centroids = one(con, f"clio_centroids(clio_fit({POINTS}, 3))")
    assert sorted(centroids) == [[0.0, 0.5], [5.0, 0.0], [9.0, 8.5]]


def test_fit_lowers_k_to_the_distinct_vectors(con):
    assert sorted(one(con, "clio_centroids(clio_fit([[1.0, 1.0], [2.0, 2.0]], 50))")) == [[1.0, 1.0], [2.0, 2.0]]
    assert one(con, "clio_centroids(clio_fit([[1.0, 1.0] for i in range(100)], 7))") == [[1.0, 1.0]]


def test_fit_of_many_rows_in_one_call(con):
    rows = con.execute("""
        select i, clio_centroids(clio_fit([[i::float], [i + 1.0], [i + 9.0]], 2)) from range(20) t(i) order by i
    """).fetchall()
    assert [sorted(centroids) for _, centroids in rows] == [[[i + 0.5], [i + 9.0]] for i, _ in rows]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("clio_fit([[1.0]], 0)", "clio_fit: k = 0 for 1 vectors; both must be at least 1."),
        ("clio_fit([], 3)", "clio_fit: k = 3 for 0 vectors; both must be at least 1."),
        ("clio_fit([[1.0], [2.0]], 1, seed := -1)", "clio_fit: seed = -1; it must be at least 0."),
        ("clio_fit([[1.0], [1.0, 2.0]], 1)", "clio_fit: vectors of 1 to 2 numbers were given; all must have"),
        ("clio_fit([[1.0], null], 1)", "clio_fit: vectors of 0 to 1 numbers were given; all must have"),
        ("clio_fit([[1.0], [null]], 1)", "clio_fit: a vector holds NULL, NaN or infinity;"),
        ("clio_cluster(['nan'::float], clio_fit([[1.0]], 1))", "clio_cluster: a vector holds NULL, NaN or infinity;"),
        ("clio_cluster([1.0, 2.0], clio_fit([[1.0]], 1))",
         "clio_cluster: a vector of 2 numbers was given to a model of 1. Embed with the model"),
        ("clio_cluster([1.0], 'topics')", "model 'topics' is not known in this database. Models are made by clio_fit"),
        ("clio_centroids('topics')", "model 'topics' is not known in this database. Models are made by clio_fit"),
    ],
)  # fmt: skip
def test_fit_and_cluster_say_what_is_wrong(con, call, expected):
    assert fails(con, call).startswith(expected)


NUMBER = st.floats(-100, 100, width=32).map(lambda value: round(value, 2))


@st.composite
def clouds(draw) -> tuple[list[list[float]], int]:
    width = draw(st.integers(1, 4))
    points = draw(st.lists(st.lists(NUMBER, min_size=width, max_size=width), min_size=1, max_size=12))
    return points, draw(st.integers(1, 6))


@settings(max_examples=40, deadline=None)
@given(clouds())
@example(([[1000.25, 7.0], [1000.5, 7.0], [-3.0, 2.0]], 2))
def test_cluster_agrees_with_brute_force(con, cloud):
    points, k = cloud
    model = one(con, "clio_fit(?::float[][], ?)", points, k)
    centroids = np.array(one(con, "clio_centroids(?)", model))
    rows = con.execute("select clio_cluster(unnest(?::float[][]), ?)", [points, model]).fetchall()
    for point, (found,) in zip(points, rows, strict=True):
        truth = np.linalg.norm(np.array(point) - centroids, axis=1)
        assert found["distance"] == pytest.approx(truth.min(), rel=1e-3, abs=1e-3)
        assert truth[found["cluster_id"]] == pytest.approx(truth.min(), rel=1e-3, abs=1e-2)
        if len(centroids) == 1:
            assert found["runner_up"] is found["runner_up_distance"] is None
        else:
            assert found["runner_up"] != found["cluster_id"]
            assert found["runner_up_distance"] == pytest.approx(np.sort(truth)[1], rel=1e-3, abs=1e-2)


def test_cluster_of_a_vector_on_its_centroid_is_at_distance_zero(con):
    """|x|² - 2xc + |c|² loses its digits there: 0.03 for unit vectors far from the origin's scale."""
    found = one(con, "clio_cluster([1000.3, 999.7], clio_fit([[1000.3, 999.7], [0.0, 0.0]], 2))")
    assert found["distance"] == 0


@pytest.mark.parametrize(
    ("origin", "step"),
    [(0.0, 1.0), (1000.0, 0.01), (-1e6, 1.0), (1.0, 1e-6), (0.0, 1e-25), (1e12, 1e6), (1e19, 1e13), (-3e38, 1e32)],
)
@pytest.mark.filterwarnings("error")
def test_the_nearest_is_the_nearest_wherever_the_vectors_lie(con, origin, step):
    random = np.random.default_rng(0)
    centroids = (origin + step * random.normal(size=(40, 8))).astype(np.float32)
    centroids[20] = centroids[10]  # a tie goes to the lower number
    points = np.concatenate([centroids[:25], (origin + step * random.normal(size=(200, 8))).astype(np.float32)])
    model = engine_of(con).save_model(centroids)
    query = "select unnest(c) from (select clio_cluster(unnest(?::float[][]), ?) as c)"
    rows = con.execute(query, [points.tolist(), model]).fetchall()
    apart = np.linalg.norm(points[:, None].astype(float) - centroids.astype(float), axis=2)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :2]
    assert [[first, second] for first, _, second, _ in rows] == nearest.tolist()
    assert np.array([row[1::2] for row in rows]) == pytest.approx(np.take_along_axis(apart, nearest, 1), rel=1e-5)


def test_cluster_with_two_models_in_one_query(con):
    query = """
        select clio_cluster([i::float], case when i % 2 = 0 then clio_fit([[0.0], [9.0]], 2)
            else clio_fit([[100.0]], 1) end).distance from range(4) t(i) order by i
    """
    assert con.execute(query).fetchall() == [(0.0,), (99.0,), (2.0,), (97.0,)]


# Batches, threads, forms of vectors


def test_more_rows_than_a_batch_keep_their_order(con):
    con.execute("create or replace temp table numbers as select i from range(10_000) t(i)")
    wrong = con.execute("""
        with fitted as (select clio_fit([[0.0], [9999.0]], 2) as model)
        select count(*) from numbers, fitted
        where abs(clio_cluster([i::float], model).distance - least(i, 9999 - i)) > 0.01
    """).fetchone()
    assert wrong == (0,)


def test_more_threads_than_one(con):
    """Above 122,880 rows DuckDB calls a function from several threads at once."""
    con.execute("set threads = 4")
    con.execute("create or replace temp table many as select i from range(400_000) t(i)")
    model = one(con, "clio_fit([[0.0], [1e6]], 2)")
    wrong = con.execute(
        "select count(*) from many where abs(clio_cluster([i::float], ?).distance - i) > 1", [model]
    ).fetchone()
    assert wrong == (0,)


@pytest.mark.parametrize(
    "rows",
    [
        "select 'cities' as w from range(5000)",  # a constant
        "select w from (values ('cities'), ('banks')) v(w), range(2500)",  # a product: constant or dictionary
        "select w from (values ('cities'), ('banks'), ('fees')) v(w), range(9000) t(i) where i % 3 = 0",  # a selection
        "select unnest(['cities', 'banks', 'fees']) as w from range(3000)",
    ],
)
def test_constant_and_dictionary_vectors(con, rows):
    expected = {"cities": "city", "banks": "bank", "fees": "fee"}
    answers = con.execute(f"select w, clio_word(w).lemma, count(*) from ({rows}) group by all").fetchall()
    assert sum(count for _, _, count in answers) >= 5000
    assert all(lemma == expected[word] for word, lemma, _ in answers)


# clio_name

BALANCE = "['check my balance', 'what is my balance', 'show the balance of my card']"
TERMS = "['balance', 'check my balance', 'card']"


def test_name_speaks_in_terms(con):
    named = one(con, f"clio_name({BALANCE}, ['book a flight'], '', terms := {TERMS})")
    assert named == {
        "name": "Balance",
        "description": "Users write about 'balance'. Some mention 'check my balance' and 'card'.",
    }


def test_name_leaves_taken_terms_to_the_sibling(con):
    named = one(con, f"clio_name({BALANCE}, [], '', terms := {TERMS}, taken := ['balance', 'check my balance'])")
    assert named["name"] not in ("Balance", "Check my balance")
    named = one(con, f"clio_name({BALANCE}, [], '', terms := ['balance', 'card'], taken := ['balance'])")
    assert named["name"] != "Balance"
    assert one(con, f"clio_name({BALANCE}, [], '', terms := ['balance'], taken := ['balance'])") is None


def test_name_of_nothing_fails(con):
    assert one(con, "clio_name_raw([], [], '', [], [], []).status") == "failed"
    assert one(con, "clio_name_raw(['check my balance'], [], '', [], [], []).status") == "failed"
    assert one(con, "clio_name_raw(['check my balance'], [], '', [' ', ''], [], []).status") == "failed"


WORDS = ("balance", "card", "flight", "hotel", "refund", "my", "good", "thing")
PHRASE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)


@settings(max_examples=30, deadline=None)
@given(st.lists(PHRASE, min_size=1, max_size=5), st.lists(PHRASE, max_size=6), st.lists(PHRASE, max_size=3))
def test_name_never_has_a_word_that_is_not_in_terms(con, members, terms, taken):
    call = "clio_name_raw(?::varchar[], ['soup'], '', ?::varchar[], ?::varchar[], [])"
    answer = one(con, call, members, terms, taken)
    if answer["status"] == "ok":
        used = {word.lower() for word in answer["value"]["name"].split()}
        assert used <= {word for term in terms for word in term.split()} | {"and"}
        assert answer["value"]["name"].lower() not in taken
    else:
        assert answer["value"] is None
        assert not any(set(term.split()) - {"my", "good", "thing"} for term in terms if term not in taken) or taken


# clio_propose, clio_merge, clio_choose


@pytest.mark.parametrize("function", ["clio_propose", "clio_merge"])
def test_broader_names_are_about_n_and_of_those_given(con, function):
    names = ["card fees", "card payments", "lost card", "flight times", "flight tickets", "hotel rooms"]
    broader = one(con, f"{function}(?::varchar[], 3)", names)
    assert len(broader) == 3
    assert sorted(part for name in broader for part in name.split("; ")) == sorted(names)
    assert any({"flight times", "flight tickets"} <= set(name.split("; ")) for name in broader)


@pytest.mark.parametrize("function", ["clio_propose", "clio_merge"])
def test_broader_names_of_few_are_those_few_once(con, function):
    assert one(con, f"{function}(['fees', 'cards', 'fees', null], 9)") == ["cards", "fees"]


@pytest.mark.parametrize("function", ["clio_propose", "clio_merge"])
def test_broader_names_need_names_and_n(con, function):
    assert fails(con, f"{function}([], 2)") == f"{function}: n = 2 for 0 names; both must be at least 1."
    assert fails(con, f"{function}(['fees'], 0)") == f"{function}: n = 0 for 1 names; both must be at least 1."


def test_choose_takes_the_nearest(con):
    assert one(con, "clio_choose('flight tickets', ['cooking', 'travel by plane', 'banking'])") == "travel by plane"


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=12), st.lists(st.text(max_size=12), min_size=1, max_size=4))
@example("", [""])
@example("; ", ["; ", "a; b"])
def test_choose_takes_always_one_of_those_given(con, name, parents):
    assert one(con, "clio_choose(?, ?::varchar[])", name, parents) in parents


def test_choose_needs_parents(con):
    for parents in ("[]", "[null]"):
        text = fails(con, f"clio_choose('fees', {parents}::varchar[])")
        assert text == "clio_choose: no parents were given; give at least one to choose from."


# clio_audit


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("Questions about bank fees", 5),
        ("A named entity in a text", 5),
        ("Lost Visa card", 4),
        ("Wrong ATM PIN", 4),
        ("Jane Kowalski asks for a refund", 2),
        ("A refund for Jane Kowalski", 2),
        ("Mail to jane@example.com", 1),
        ("Account 5551234", 1),
        ("The flat of Mr Kowalski", 1),
        ("my name is jane", 1),
        ("See www.example.com", 1),
    ],
)
def test_audit_rating(con, text, rating):
    assert one(con, "clio_audit(?).rating", text) == rating


# clio_link


def test_link_puts_the_nearest_together_by_direction(con):
    assert one(con, "clio_link([[0, 1], [9, 0.1], [0.1, 5], [1, 0], [-1, 0]]::float[][], 3)") == [0, 1, 0, 1, 2]
    assert one(con, "clio_link([[0, 1], [1, 0]]::float[][], 5)") == [0, 1]
    assert one(con, "clio_link([[0, 0], [0, 0], [1, 0]]::float[][], 2)") == [0, 0, 1]


def test_fewer_groups_of_link_are_whole_groups_put_together(con):
    groups = [one(con, f"clio_link({CLOUD}, {n})") for n in range(1, 41)]
    for n, (fewer, more) in enumerate(pairwise(groups), start=1):
        assert len(set(fewer)) == n
        assert len(set(zip(fewer, more, strict=True))) == n + 1


@pytest.mark.parametrize("call", ["clio_link([[1.0]], 0)", "clio_link([]::float[][], 1)"])
def test_link_wants_vectors_and_groups(con, call):
    with pytest.raises(duckdb.InvalidInputException, match="both must be at least 1"):
        one(con, call)


# clio_match


@given(pairs=st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz"), st.integers(0, 5)), max_size=12))
def test_match_leaves_no_better_pair_whose_two_are_free_or_worse_off(con, pairs):
    owners, things, scores = ([pair[place] for pair in pairs] for place in range(3))
    settled = one(con, "clio_match(?::varchar[], ?::varchar[], ?::double[])", owners, things, scores)
    chosen = [pair for pair, yes in zip(pairs, settled, strict=True) if yes]
    assert len({owner for owner, _, _ in chosen}) == len({thing for _, thing, _ in chosen}) == len(chosen)
    for owner, thing, score in pairs:
        assert any(score <= better for one, other, better in chosen if one == owner or other == thing)


# clio_alike


def test_alike_goes_to_the_first_that_is_as_similar_and_chains_nothing(con):
    # each is within 0.9 of its neighbour; the third is not like the first
    assert one(con, "clio_alike([[1, 0], [0.92, 0.39], [0.69, 0.72]]::float[][], 0.9)") == [0, 0, 2]
    assert one(con, "clio_alike([[0, 1], [0, 5], [1, 0]]::float[][], 1)") == [0, 0, 2]
    assert one(con, "clio_alike([]::float[][], 0.9)") == []


def test_alike_is_the_same_in_blocks(con, monkeypatch):
    whole = one(con, f"clio_alike({CLOUD}, 0.97)")
    monkeypatch.setattr("clio_sql.udfs.alike.BLOCK", 7)
    assert one(con, f"clio_alike({CLOUD}, 0.97)") == whole
    points = np.array(one(con, CLOUD))
    points /= np.linalg.norm(points, axis=1, keepdims=True).clip(1e-9)
    for place, leader in enumerate(whole):
        assert leader == place or points[place] @ points[leader] >= 0.97 - 1e-5
        earlier = [other for other in sorted(set(whole)) if other < leader]
        assert all(points[place] @ points[other] < 0.97 + 1e-5 for other in earlier)


@pytest.mark.parametrize("similarity", ["0", "1.5", "-1", "'nan'"])
def test_alike_wants_a_similarity(con, similarity):
    with pytest.raises(duckdb.InvalidInputException, match="it must be above 0, and 1 at most"):
        one(con, f"clio_alike([[1.0]], {similarity})")


# clio_margin


def test_a_margin_is_known_to_the_salt_alone_and_each_is_as_likely(con):
    query = "select clio_margin(?, concat('word/', i), 10) from range(22000) as t(i)"
    (one_way, other) = ([m for (m,) in con.execute(query, [salt]).fetchall()] for salt in ("a", "b"))
    assert one_way != other and set(one_way) == set(range(11))
    assert all(abs(one_way.count(m) - 2000) < 250 for m in range(11))


# clio_project

CLOUD = "[[(i * 7 % 11)::float, (i * 5 % 13)::float, (i % 3)::float] for i in range(40)]"


def test_project_is_deterministic_and_fills_the_square(con):
    layout = one(con, f"clio_project({CLOUD})")
    with clio_sql.connect() as other:
        assert one(other, f"clio_project({CLOUD})") == layout
    assert np.abs(np.array(layout)).max() == pytest.approx(1)
    assert np.array(layout).mean(axis=0) == pytest.approx([0, 0], abs=1e-5)


def test_project_puts_near_near(con):
    points = [[1.0 + i / 50 if group == axis else i / 90 for axis in range(3)] for group in range(3) for i in range(6)]
    layout = np.array(one(con, "clio_project(?)", points))
    distances = np.linalg.norm(layout[:, None] - layout[None], axis=-1) + np.eye(18) * 9
    assert (distances.argmin(axis=1) // 6).tolist() == [group for group in range(3) for _ in range(6)]


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 30])
@pytest.mark.parametrize("vector", ["[1.0, 2.0]", "[i::float]", "[i::float, 0]", "[0.0, 0, 0]"])
def test_project_takes_any_number_of_any_vectors(con, count, vector):
    layout = np.array(one(con, f"clio_project([{vector} for i in range({count})]::float[][])")).reshape(count, 2)
    assert np.isfinite(layout).all()
    assert count == 0 or np.abs(layout).max() <= 1


# clio_word, clio_words


@pytest.mark.parametrize(
    ("word", "lemma", "ordinary", "stop", "vague"),
    [
        ("cities", "city", True, False, False),
        ("the", "the", True, True, True),
        ("things", "thing", True, False, True),
        ("rose", "rose", False, False, False),  # also a given name
        ("smith", "smith", False, False, False),
        ("hauptstadt", "hauptstadt", False, False, False),
        ("zxqv", "zxqv", False, False, False),
        ("j'ai", "avoir", False, True, True),
        ("check-in", "check-in", True, False, False),
        ("-", "-", False, False, False),
        ("", "", False, False, False),  # nothing must not pass for a function word
    ],
)
def test_word(con, word, lemma, ordinary, stop, vague):
    known = one(con, "clio_word(?)", word)
    assert [known[key] for key in ("lemma", "ordinary", "stop", "vague")] == [lemma, ordinary, stop, vague]


@pytest.mark.parametrize(
    ("word", "task", "sensitive"),
    [
        ("questions", True, None),
        ("wrote", True, None),  # a form of 'write'
        ("german", True, None),  # a language
        ("bread", False, None),  # ordinary as it is, it needs support
        ("epilepsy", False, "health"),
        ("epilepsie", False, "health"),  # in another language
        ("hiv-positive", False, "health"),
        ("ex-wife's", False, "family"),
        ("mosques", False, "faith"),
        ("", False, None),
    ],
)
def test_word_for_a_task_or_for_what_people_keep_to_themselves(con, word, task, sensitive):
    known = one(con, "clio_word(?)", word)
    assert (known["task"], known["sensitive"]) == (task, sensitive)


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("accepts", "verb"),
        ("unblock", "verb"),  # the dictionary has it as 'block' with a prefix
        ("orders", "verb or noun"),
        ("declined", "past"),
        ("taken", "past"),
        ("topping", "ing"),
        ("cheap", "adjective"),
        ("cities", None),
        ("hotel", None),
        ("", None),
    ],
)
def test_part_of_speech_of_a_word(con, word, part):
    assert one(con, "clio_word(?)", word)["part"] == part


def test_a_topic_with_a_sensitive_word_needs_support_unless_it_was_looked_at(con):
    """The list of plain topics against the lists of sensitive words."""
    query = """
        select list(distinct topic order by topic) from (select topic, unnest(clio_words(topic)) as word from (
            select unnest(clio_topics()) as topic
        )) where clio_word(word).sensitive is not null"""
    looked_at = """Cash machines and withdrawals, Children's activities, Lost and stolen cards, Medicine and anatomy,
        News and current affairs, Payroll and wages, Skin and hair care, Visas and passports, Weddings and parties,
        Wine and beer"""
    assert con.execute(query).fetchone() == ([" ".join(topic.split()) for topic in looked_at.split(",")],)
    assert con.execute("select list_intersect(clio_topics(), clio_sensitive_topics())").fetchone() == ([],)


def test_each_topic_is_translated_once_into_each_language(con):
    languages, *topics = one(con, "clio_translated_topics()")
    assert languages[0] == "English" and len(set(languages)) == len(languages) == 12
    assert sorted(topic[0] for topic in topics) == sorted(one(con, "clio_topics()"))
    assert {len(topic) for topic in topics} == {len(languages)}
    for names in zip(*topics, strict=True):
        assert len({name.lower() for name in names}) == len(topics)  # no two are alike in one language
        assert not [name for name in names if name != name.strip() or set(name) & set(".,;()|*+?[]")]  # a pattern, too


def test_a_translated_topic_has_a_sensitive_word_only_if_it_was_looked_at(con):
    """'Vin et bière' as 'Wine and beer'; words that mean something else in their sentence: 'paroles', 'tablettes'."""
    query = """
        select list(distinct topic order by topic) from (
            select names[1] as topic, unnest(flatten(list_transform(names[2:], lambda name: clio_words(name)))) as word
            from (select unnest(clio_translated_topics()[2:]) as names)
        ) where clio_word(word).sensitive is not null"""
    looked_at = """Ageing and care, Children's activities, Diets and nutrition, Doctors and appointments,
        Files and folders, Flights, Food storage and safety, Lost and stolen cards, Medicine and anatomy, Military,
        Payroll and wages, Phones and tablets, Skin and hair care, Songs and lyrics, Unit conversion,
        Visas and passports, Weddings and parties, Wine and beer"""
    assert con.execute(query).fetchone() == ([" ".join(topic.split()) for topic in looked_at.split(",")],)


@pytest.mark.parametrize(
    ("name", "description", "left"),
    [
        ("Pets and animals, dogs", "", ",  ."),
        ("ペットと動物", "Users write about '犬' and 'my cat'.", ". Users write about ' ' and 'my cat'."),
        ("Haustiere und Tiere, Hunde", "Most of it is in German.", ",  . Most of it is in German."),
        ("Правовой договор", "Право", "Правовой договор.  "),  # a part of a word is none
        ("Enfants perdus", "", "Enfants perdus."),
    ],
)
def test_what_of_a_name_needs_support_is_all_but_topics_in_any_language(con, name, description, left):
    assert one(con, "clio_unreviewed(?, ?, 'local')", name, description).strip() == left.strip()
    assert one(con, "clio_unreviewed(?, ?, 'anthropic')", name, description) == f"{name}. {description}"


def test_the_auditor_takes_no_topic_in_any_language_for_a_name(con):
    """'Soziale Medien' has the form of a full name, and '犬. Users' that of an initial with one."""
    description = "Users write about it in their own words. Most of it is in German; in English: 'Dogs'."
    query = """
        select name from (select unnest(flatten(clio_translated_topics()[2:])) as name)
        where clio_audit(clio_audited(name, $1, 'local')).rating < 4"""
    assert con.execute(query, [description]).fetchall() == []
    assert one(con, "clio_audit('犬の散歩と猫 개. Users write about dogs.').rating") >= 4
    assert one(con, "clio_audit(clio_audited('Soziale Medien, Jane Doe', 'Dogs', 'local')).rating") == 2


def test_no_task_word_is_sensitive_and_no_stop_word_hides_one():
    listed = {word for line in words.lexicon("task_words") for word in line.split()}
    assert 400 <= len(listed) <= 900
    assert [word for word in sorted(listed) if words.word(word).sensitive] == []
    english = words.classes("sensitive_en")
    assert len(english) > 1200
    assert [word for word in sorted(english) if words.stop(word)] == [
        "die",
        "nun",
        "son",
        "sue",
    ]  # other languages say little with them


@pytest.mark.parametrize(
    ("text", "supported", "unsupported"),
    [
        ("Write questions about bread", ["bread"], []),
        ("Questions about bread", [], ["bread"]),
        ("Questions about breads", ["bread"], []),
        ("Call me: 12", ["call"], [""]),
        ("Symptom questions; medical history: epilepsy", ["symptom"], ["epilepsy", "medical"]),
        ("Depressed writers", ["depress", "writer"], ["depressed"]),  # 'depressing' tells of nobody
        ("Bread", None, ["bread"]),
    ],
)
def test_unsupported(con, text, supported, unsupported):
    assert one(con, "clio_unsupported(?, ?::varchar[])", text, supported) == unsupported


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Check my balance", ["check", "my", "balance"]),
        ("It’s a well-known trick", ["it's", "a", "well-known", "trick"]),
        ("mail jane.doe@example.com, or @jane", ["mail", "", "", "or", ""]),
        ("card 4111 1111 and c3po or 5th", ["card", "", "", "and", "", "or", ""]),
        ("stop. now (or) never!", ["stop", "", "now", "or", "", "never", ""]),
        ("¿Dónde está? „Haus“", ["dónde", "está", "", "haus", ""]),
        ("book 東京の飛行機 now", ["book", "東京", "の", "飛行機", "now"]),
        ("カード ตั๋ว ປີ້ សំបុត្រ လက်မှတ်", ["カード", "", "", "", ""]),
        ("купить билет", ["купить", "билет"]),
        ("either/or snake_case x=y", ["", "", ""]),
        ("... --- !!!", ["", "", ""]),
        ("", []),
    ],
)
def test_words(con, text, words):
    assert one(con, "clio_words(?)", text) == words


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Fees of the Bank, fees", ["bank", "fees", "of", "the"]),
        ("first_last", ["first", "last"]),
        ("It’s Jo@Quill.me", ["", "it's", "jo", "me", "quill"]),
        ("c3po", ["", "c", "po"]),
        ("#hashtag", ["", "hashtag"]),
        ("²", [""]),
        ("面包", ["面包"]),
        ("ขนมปัง", ["", "ขนมปัง"]),
        ("...", []),
    ],
)
def test_tokens_are_all_that_must_be_supported(con, text, tokens):
    assert sorted(one(con, "clio_tokens(?)", text)) == tokens


ODD = ["don't", "a-b", "@x", "a@b.c", "1a", "é", "x\u0301", "字", ", "]
PIECE = st.one_of(st.text(max_size=8), st.sampled_from(ODD))


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECE, max_size=8).map(" ".join))
def test_every_word_is_letters_and_stands_in_the_text(con, text):
    lowered = one(con, "lower(?)", text.replace("’", "'"))
    for word in filter(None, one(con, "clio_words(?)", text)):
        assert all(unicodedata.category(c)[0] in "LM" or c in "-'" for c in word)
        assert unicodedata.category(word[0])[0] in "LM" and unicodedata.category(word[-1])[0] in "LM"
        assert word in lowered


@given(st.emails(), st.text("abc ", max_size=9))
@settings(max_examples=40, deadline=None)
def test_no_piece_of_an_email_address_is_a_word(con, address, around):
    words = one(con, "clio_words(?)", f"{around} {address} {around}")
    assert [word for word in words if word] == around.split() * 2


# clio_gate


@pytest.mark.parametrize(
    ("figure", "passes"),
    [
        ("10, 20, 6, 10, 20, 0.3", True),  # each at its least
        ("9, 20, 6, 10, 20, 0.3", False),
        ("10, 19, 5, 10, 20, 0.3", False),
        ("10, 20, 7, 10, 20, 0.3", False),
        ("10, 20, null, 10, 20, 0.3", True),  # no conversation has a user_id
        ("null, 20, 6, 10, 20, 0.3", False),
        ("10, null, 6, 10, 20, 0.3", False),
        ("10, 20, 6, null, 20, 0.3", False),
        ("10, 20, 6, 10, null, 0.3", False),
        ("10, 20, null, 10, 20, null", False),
        *[
            (
                ", ".join(
                    "'nan'::double" if n == at else value
                    for n, value in enumerate(("10", "20", "6", "10", "20", "0.3"))
                ),
                False,
            )
            for at in range(6)
        ],
    ],
)
def test_the_gate_is_shut_in_doubt(con, figure, passes):
    assert one(con, f"clio_gate({figure})") is passes
