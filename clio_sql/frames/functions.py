"""The SQL functions as ibis expressions: `clio_embed` is `embed`, and so on, typed.

They are names that DuckDB knows, not Python that runs: `ibis.to_sql` shows the call. A connection of
`clio_sql.frames.connect` knows them. NULL gives NULL. The examples are run by the tests.
"""

import ibis
import ibis.expr.datatypes as dt

scalar = ibis.udf.scalar

TEXTS = dt.Array(dt.string)
VECTOR = dt.Array(dt.float64)  # float32 is taken too
VECTORS = dt.Array(VECTOR)


@scalar.builtin(name="clio_extract")
def _extract(transcript: str, questions) -> dt.Map(dt.string, dt.string):
    """The builtin behind `extract`; questions is any struct or map."""


def extract(transcript, questions):
    """Answers to all questions about one conversation, as a map from facet to text, in one call.

    transcript: a string. questions: a dict from a facet to a question, or to a dict of question, kind
    ('text', 'category' or 'score') and choices; or a struct or map expression. An answer that the model did not
    give is missing from the map; if the call failed, the map is NULL.

    >>> con.execute(extract("Hi Bob, could you please book a table for two?", {"task": "What is asked for?"})["task"])
    'book a table for two'
    >>> con.execute(extract("Book a table", {"tone": {"question": "Which tone?", "kind": "categorical"}}))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...has kind 'categorical'; allowed: text, category, score. Change the question.
    """
    return _extract(transcript, _struct(questions) if isinstance(questions, dict) else questions)


def _struct(fields: dict):
    return ibis.struct({name: _struct(value) if isinstance(value, dict) else value for name, value in fields.items()})


@scalar.builtin(name="clio_extract_by_rule")
def _extract_by_rule(transcript: str, questions) -> dt.Map(dt.string, dt.string):
    """The builtin behind `extract_by_rule`; questions is any struct or map."""


def extract_by_rule(transcript, questions):
    """As `extract`, answered by rule and at no cost, whoever answers else; an answer that the rules have not is NULL.

    >>> con.execute(extract_by_rule("Could you please book a table for two?", {"task": "What is asked?"})["task"])
    'book a table for two'
    >>> con.execute(extract_by_rule("Book a table", {"tone": {"question": "Which tone?", "kind": "categorical"}}))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...has kind 'categorical'; allowed: text, category, score. Change the question.
    """
    return _extract_by_rule(transcript, _struct(questions) if isinstance(questions, dict) else questions)


@scalar.builtin(name="clio_embed")
def embed(text: str) -> dt.Array(dt.float32):
    """The unit vector of a text, as long as the embedding model's (384 numbers by default).

    >>> len(con.execute(embed("book a flight")))
    384
    >>> embed(ibis.array(["book a flight", "find a hotel"]))
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_fit")
def fit(vectors: VECTORS, k: int, seed: int = 0, start: str = "", least: int = 0) -> str:
    """k-means on a list of vectors of one length; the id of the fitted model, which the database keeps.

    Over a column: `fit(table.embedding.collect(), 8)`. The same arguments give the same id; k is lowered to the
    number of different vectors. start: a fitted model to start from, whose centroids stay near where they are. least:
    beyond this number only worthwhile splits are made; 0: k are wanted in any case. On a read-only database the
    model lives in memory.

    >>> con.execute(fit([[0.0, 0.0], [0.0, 1.0], [9.0, 9.0]], 2))
    'm0dba57c114784dbb'
    >>> con.execute(fit([[0.0, 0.0], [1.0]], 2))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_fit: vectors of 1 to 2 numbers were given; all must have the same length...
    """


@scalar.builtin(name="clio_cluster")
def cluster(vector: VECTOR, model: str) -> dt.Struct(
    {"cluster_id": dt.int32, "distance": dt.float32, "runner_up": dt.int32, "runner_up_distance": dt.float32}
):
    """The nearest centroid and the second nearest, by number, with Euclidean distances.

    With one centroid the runner-up and its distance are NULL.

    >>> con.execute(cluster([0.0, 2.0], fit([[0.0, 0.0], [0.0, 8.0]], 2)))["runner_up_distance"]
    6.0
    >>> con.execute(cluster([0.0, 2.0, 1.0], fit([[0.0, 0.0], [0.0, 8.0]], 2)))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_cluster: a vector of 3 numbers was given to a model of 2...
    """


LEARNED = dt.Struct({"model": dt.string, "answers": TEXTS})


@scalar.builtin(name="clio_learn")
def learn(vectors: VECTORS, answers: TEXTS) -> LEARNED:
    """A logistic regression from a list of vectors to as many answers, which the database keeps, for `predict`.

    Over columns: `learn(table.embedding.collect(), table.answer.collect())`. There must be two different answers.

    >>> con.execute(learn([[1.0, 0.0], [0.0, 1.0]], ["yes", "no"]))["answers"]
    ['no', 'yes']
    >>> con.execute(learn([[1.0, 0.0], [0.0, 1.0]], ["yes", "yes"]))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_learn: 2 vectors and 2 answers, 1 of them different; there must be...
    """


@scalar.builtin(name="clio_predict")
def predict(vector: VECTOR, learned: LEARNED) -> dt.Struct({"answer": dt.string, "probability": dt.float32}):
    """The likeliest answer to a vector by what `learn` made, and its probability, 0 to 1.

    >>> con.execute(predict([0.9, 0.2], learn([[1.0, 0.0], [0.0, 1.0]], ["yes", "no"])))["answer"]
    'yes'
    >>> con.execute(predict([0.9], learn([[1.0, 0.0], [0.0, 1.0]], ["yes", "no"])))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_predict: a vector of 1 numbers was given to a model of 2...
    """


@scalar.builtin(name="clio_centroids")
def centroids(model: str) -> dt.Array(dt.Array(dt.float32)):
    """The centroids of a fitted model, in the order of their numbers.

    >>> con.execute(centroids(fit([[0.0, 0.0], [0.0, 8.0]], 2)))
    [[0.0, 0.0], [0.0, 8.0]]
    >>> con.execute(centroids("topics"))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...model 'topics' is not known in this database...
    """


@scalar.builtin(name="clio_link")
def link(vectors: VECTORS, n: int) -> dt.Array(dt.int32):
    """Which of n groups each vector is in, by Ward's linkage of directions; groups are numbered by their first vector.

    With fewer groups, whole groups are merged. With at most n vectors, each is a group.

    >>> con.execute(link([[0.0, 1.0], [9.0, 0.1], [0.1, 5.0]], 2))
    [0, 1, 0]
    >>> con.execute(link([[0.0, 1.0]], 0))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_link: n = 0 for 1 vectors; both must be at least 1.
    """


@scalar.builtin(name="clio_match")
def match(owners: dt.Array(dt.string), things: dt.Array(dt.string), scores: dt.Array(dt.float64)) -> dt.Array(
    dt.boolean
):
    """Which pairs of three lists are settled: the highest score first, each owner and each thing in one pair at most.

    Of equal scores the earlier pair is first.

    >>> con.execute(match(["a", "a", "b"], ["x", "y", "x"], [3.0, 2.0, 1.0]))
    [True, False, False]
    >>> con.execute(match(["a"], ["x"], [3.0, 2.0]))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_match: 1 owners, 1 things and 2 scores; the three lists must have one length.
    """


@scalar.builtin(name="clio_alike")
def alike(vectors: VECTORS, similarity: float) -> dt.Array(dt.int32):
    """For each vector the place (from 0) of the one that represents its group: the first that is similar enough.

    similarity: the least cosine, above 0 and at most 1. Nothing is chained.

    >>> con.execute(alike([[0.0, 1.0], [9.0, 0.1], [0.1, 5.0]], 0.95))
    [0, 1, 0]
    >>> con.execute(alike([[0.0, 1.0]], 0.0))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_alike: similarity = 0.0; it must be above 0, and 1 at most.
    """


@scalar.builtin(name="clio_name")
def name(
    members: TEXTS, neighbours: TEXTS, criteria: str, terms: TEXTS = (), taken: TEXTS = (), avoid: TEXTS = ()
) -> dt.Struct({"name": dt.string, "description": dt.string}):
    """A name and a description of a group of texts, in contrast to texts just outside it.

    terms: phrases that enough users wrote, the most telling first; the local provider names only with them, and
    without any the answer is NULL. taken: those of them that fit a sibling better. avoid: words that may not occur.

    >>> cards = ["check my card balance", "what is my balance", "balance of my savings"]
    >>> con.execute(name(cards, ["block my card"], "", ["balance", "my balance", "savings"]))["name"]
    'Balance'
    >>> print(con.execute(name(cards, ["block my card"], "")))
    None
    """


@scalar.builtin(name="clio_propose")
def propose(names: TEXTS, n: int, criteria: str = "") -> TEXTS:
    """About n broader names for a list of names; both at least 1.

    >>> con.execute(propose(["card fees", "lost card", "flight times", "flight tickets"], 2))
    ['card fees; lost card', 'flight tickets; flight times']
    >>> con.execute(propose(["card fees", "lost card"], 0))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_propose: n = 0 for 2 names; both must be at least 1.
    """


@scalar.builtin(name="clio_merge")
def merge(names: TEXTS, n: int, criteria: str = "") -> TEXTS:
    """About n distinct names out of a longer list; both at least 1.

    >>> con.execute(merge(["card fees", "fees of cards", "flight times"], 2))
    ['card fees; fees of cards', 'flight times']
    >>> con.execute(merge(["card fees"], 0))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_merge: n = 0 for 1 names; both must be at least 1.
    """


@scalar.builtin(name="clio_choose")
def choose(child: str, parents: TEXTS) -> str:
    """The best parent for a name, always one of those given. (ibis keeps `name` for itself: it is `child` here.)

    >>> con.execute(choose("flight tickets", ["banking", "travel by plane"]))
    'travel by plane'
    >>> con.execute(choose("flight tickets", ibis.literal([], type="array<string>")))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_choose: no parents were given; give at least one to choose from.
    """


@scalar.builtin(name="clio_audit")
def audit(text: str) -> dt.Struct({"rating": dt.int32, "reason": dt.string}):
    """How well a text protects users, from 1 (names a person) to 5 (nothing identifying), and why.

    >>> con.execute(audit("a refund for Jane Kowalski"))["reason"]
    'looks like a full name'
    >>> audit(5)
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_project")
def project(vectors: VECTORS) -> dt.Array(dt.Array(dt.float32)):
    """A deterministic layout on a plane: one point per vector, in order, no coordinate beyond 1.

    >>> con.execute(project([[0.0], [1.0], [2.0]]))
    [[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]]
    >>> con.execute(project([[0.0], [1.0, 2.0]]))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_project: vectors of 1 to 2 numbers were given...
    """


@scalar.builtin(name="clio_word")
def word(word: str) -> dt.Struct(
    {
        "lemma": dt.string, "ordinary": dt.boolean, "stop": dt.boolean, "vague": dt.boolean,
        "task": dt.boolean, "sensitive": dt.string, "part": dt.string, "name": dt.string,
    }
):  # fmt: skip
    """What is known about one lower-cased word: its lemma; whether in the public word list, a function word, vague, a
    task word, which needs no support; the kind of private matter it is about; its part of speech; what it may be in a
    name.

    >>> con.execute(word("cities"))["lemma"]
    'city'
    >>> word(["cities"])
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_spelled")
def spelled(text: str) -> TEXTS:
    """The words of a text in order, as they were written; '' wherever something else is between them.

    >>> con.execute(spelled("Rose Hill, 5"))
    ['Rose', 'Hill', '', '']
    >>> spelled(["Rose"])
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_identifies")
def identifies(text: str) -> dt.boolean:
    """Whether an identifier is spelled out in words: an e-mail address, a number, a street with its number.

    >>> con.execute(identifies("clave cuatro uno cinco"))
    True
    >>> identifies(["clave"])
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_tokens")
def tokens(text: str) -> TEXTS:
    """The parts of a text that must be supported before it is shown: every run of letters; '' for what never can be.

    >>> con.execute(tokens("_Wifi_"))
    ['wifi']
    >>> tokens(["Wifi"])
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_unsupported")
def unsupported(text: str, supported: TEXTS) -> TEXTS:
    """The words of a text that may not be published: neither task words nor forms of those supported.

    >>> con.execute(unsupported("Questions about asthma and bread", ["bread"]))
    ['asthma']
    >>> unsupported(["Questions"], [])
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_gate")
def gate(
    people: int, conversations: int, most: int, min_users: int, min_conversations: int, max_user_share: float
) -> dt.boolean:
    """Whether a figure may be published: enough users and conversations, and not too many of them from one user.

    most: conversations of the user who has most, NULL if none has a user_id. False if any other is NULL.

    >>> con.execute(gate(12, 20, 2, min_users=10, min_conversations=15, max_user_share=0.3))
    True
    >>> gate("many", 20, 2, min_users=10, min_conversations=15, max_user_share=0.3)
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_margin")
def margin(salt: str, identity: str, most: int) -> dt.int32:
    """How many users above the threshold one thing needs: 0 to most, the same for the same salt and identity.

    >>> con.execute(margin("secret", "cluster/request/b0001", 10))
    4
    >>> margin("secret", "cluster/request/b0001", "many")
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_user_id")
def user_id(id: str) -> dt.string:
    """The user that an id belongs to, in one spelling; NULL for an id that identifies no user.

    >>> con.execute(user_id(" anna "))
    'anna'
    >>> user_id([1])
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_breaks")
def breaks(text: str) -> str:
    """A text with a blank before and behind each word of Chinese and Japanese; all else as it is.

    >>> con.execute(breaks("席を予約"))
    ' 席 を 予約 '
    >>> con.execute(breaks("book a table"))
    'book a table'
    """


@scalar.builtin(name="clio_phrase")
def phrase(words: dt.Array(dt.string)) -> str:
    """A phrase of words: with blanks between them, but none between two words of Chinese or Japanese.

    >>> con.execute(phrase(["席", "を", "予約"]))
    '席を予約'
    >>> con.execute(phrase(["book", "a", "table"]))
    'book a table'
    """


@scalar.builtin(name="clio_transcript")
def transcript(
    messages: dt.Array(dt.Struct({"role": dt.string, "content": dt.string})),
    max_message_characters: int = 8000,
    max_transcript_characters: int = 100000,
) -> str:
    r"""A conversation as the text that `extract` reads: each message between tags of its role, escaped.

    messages: a list of structs of role and content, in order. What is too long is shortened in the middle; system
    messages and empty ones are left out.

    >>> said = [{"role": "user", "content": "Is 3 < 4?"}, {"role": "assistant", "content": "Yes."}]
    >>> con.execute(transcript(ibis.literal(said, "array<struct<role: string, content: string>>")))
    '<user>\nIs 3 &lt; 4?\n</user>\n<assistant>\nYes.\n</assistant>'
    >>> transcript("Is 3 < 4?")
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """


@scalar.builtin(name="clio_terms")
def terms(texts: TEXTS, user_ids: TEXTS, min_users: int = 10) -> dt.Array(dt.string):
    """The phrases that at least min_users users of a group of texts wrote, the most telling first; for `name`.

    user_ids: who wrote each text; NULL counts as no user. Over columns: `terms(t.text.collect(), t.user_id.collect())`,
    if neither column has a NULL, which `collect` leaves out.

    >>> con.execute(terms(["check my balance", "what is my balance"], ["ann", "ben"], 2))
    ['balance']
    >>> con.execute(terms(["check my balance", "what is my balance"], ["ann"], 2))
    Traceback (most recent call last):
    _duckdb.InvalidInputException: ...clio_terms: 2 texts and 1 users; the two lists must have one length.
    """


@scalar.builtin(name="clio_unspaced")
def unspaced(text: str) -> dt.Array(dt.string):
    """The runs of Chinese and Japanese in a text, each of which needs support as a whole.

    >>> con.execute(unspaced("Python の関数"))
    ['の関数']
    >>> con.execute(unspaced("book a table"))
    []
    """


@scalar.builtin(name="clio_words")
def words(text: str) -> TEXTS:
    """The words of a text in order, lower-cased; '' stands for anything that is not a word.

    >>> con.execute(words("Where's my credit-card bill?"))
    ["where's", 'my', 'credit-card', 'bill', '']
    >>> words(["Where's my bill?"])
    Traceback (most recent call last):
    ibis.common.annotations.SignatureValidationError: ...
    """
