"""The local provider: what it takes out of a text, what it answers, and how it names."""

from __future__ import annotations

import json
import re
import time
from types import SimpleNamespace

import concern_model
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stand_ins import fill

import clio_sql
from clio_sql.analysis import catalog
from clio_sql.providers import Extract, Question
from clio_sql.providers.local import Local, concern, trim
from clio_sql.vectors.embedding import embedder
from clio_sql.words.redact import _RULES, redact


@pytest.fixture(scope="module")
def con():
    con = clio_sql.connect()
    yield con
    con.close()


def one(con, query: str, *parameters: object):
    return con.execute(f"select {query}", list(parameters)).fetchone()[0]


def ask(con, facet: str, *turns: str, question: str = "'q'") -> str | None:
    """One facet of a conversation of which only the user's turns matter."""
    transcript = "\n".join(f"<user>\n{turn}\n</user>\n<assistant>\nVery well.\n</assistant>" for turn in turns)
    return one(con, f"clio_extract(?, {{{facet}: {question}}})", transcript)[facet]


def test_a_stop_is_seen_at_each_conversation_that_is_read_or_answered():
    asked = [Extract(f"<user>\nBake bread {n}\n</user>", {"language": Question("q", "category")}) for n in range(20)]
    left = 2 * len(asked) - 1  # all are read, and all but the last one answered

    def check() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Local(SimpleNamespace(name="none"), check).extract(asked)


# Redaction


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # e-mail addresses, handles
        ("mail jane.doe@example.com today", "mail today"),
        ("mail jane.doe@localhost today", "mail today"),
        ("my mail:jane@exämple.de, as ever. Bye", "my , as ever. Bye"),
        ("write to jane＠example.com", "write to"),
        ("follow @jane_doe there", "follow there"),
        # URLs
        ("see https://example.com/jane?id=1 there", "see there"),
        ("看https://example.com/jane", "看"),
        ("see example.com/users/jane there", "see there"),
        ("see www.jane.example there", "see there"),
        ("see janedoe.com there", "see there"),
        # phones, cards, accounts, long digit runs
        ("call +1 (555) 123-4567 today", "call today"),
        ("call 0049 30 123456 today", "call today"),
        ("call 030/1234567 today", "call today"),
        ("call 555–123–4567 today", "call today"),
        ("card 4111 1111 1111 1111 lost", "card lost"),
        ("card 4111-1111-1111-1111 lost", "card lost"),
        ("card 4111_1111_1111_1111 lost", "card lost"),
        ("DE89 3704 0044 0532 0130 00 is mine", "is mine"),
        ("de89370400440532013000 is mine", "is mine"),
        ("GB82 WEST 1234 5698 7654 32 is mine", "is mine"),
        ("order A1B2C3D4 is late", "order is late"),
        ("ssn 123-45-6789 leaked", "ssn leaked"),
        ("number ٠١٢٣٤٥٦٧٨٩ there", "number there"),
        # postal addresses
        ("send it to 221B Baker Street today", "send it to today"),
        ("Hauptstraße 12 ist gesperrt", "ist gesperrt"),
        ("vivo en la calle Mayor 5 ahora", "vivo en la ahora"),
        ("j'habite 5 rue de la Paix", "j'habite"),
        # names in greetings
        ("Hi Bob, can you help", "can you help"),
        ("Hi Bob can you help", "can you help"),
        ("Hallo Hans, ich suche", "ich suche"),
        ("Hola Juan, quiero", "quiero"),
        ("Bonjour Marie, je cherche", "je cherche"),
        ("Olá João, quero", "quero"),
        ("Dear Ms. Kowalski", "Dear"),
        # names in signatures
        ("Please help.\nThanks,\nJane", "Please help."),
        ("Please help. Regards Jane Doe", "Please help."),
        ("Hilfe bitte.\nGrüße, Hans Müller", "Hilfe bitte."),
        ("Ayuda. Saludos, Juan Pérez", "Ayuda."),
        ("Aidez-moi. Cordialement, Marie Curie", "Aidez-moi."),
        ("Ajuda. Abraços, João", "Ajuda."),
        ("Please help\n- Jane Doe", "Please help"),
        # names given by their owner
        ("My name is Jane Doe and I ask", "and I ask"),
        ("my name is jane doe and i ask", "and i ask"),
        ("my name’s Jane", ""),
        ("I'm Jane, a nurse", ", a nurse"),
        ("ich heiße Hans Müller und frage", "und frage"),
        ("mein name ist hans", ""),
        ("me llamo Juan Pérez y quiero", "y quiero"),
        ("mi nombre es juan", ""),
        ("je m’appelle Marie Curie et je", "et je"),
        ("mon nom est marie", ""),
        ("meu nome é João", ""),
        ("me chamo joão e quero", "e quero"),
        ("Mr Kowalski called", "called"),
    ],
)
def test_redact(text, left):
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "in 2024 I bought 100 shares",
        "Hi Can you help",
        "Hello there, what is 7 times 8?",
        "I'm looking for a hotel",
        "call me at home",
        "use utf8 here",
        "我想订2张去北京的票",
        "a well-known trick (really)",
    ],
)
def test_redact_leaves_what_names_nobody(text):
    assert redact(text) == text


AROUND = st.one_of(st.text(max_size=30), st.text("aB1 .,-@/:+()\n", max_size=30))
DIGITS = st.text("0123456789", min_size=10, max_size=16)


@settings(max_examples=300, deadline=None)
@given(AROUND, st.emails(), AROUND)
@example("@", "a@b.co", "")
@example("@0:", "a@b.co", "")
def test_a_planted_email_never_survives(before, address, after):
    left = redact(f"{before}{address}{after}")
    assert address not in left
    assert not re.search(r"\w@\w", left)


@settings(max_examples=300, deadline=None)
@given(AROUND, DIGITS, st.sampled_from(["", " ", "-", ".", "/", ") ", " - "]), st.integers(2, 5), AROUND)
@example("abcdef", "5551234567", " ", 3, "")
def test_a_planted_phone_or_card_number_never_survives(before, digits, between, group, after):
    number = between.join(digits[start : start + group] for start in range(0, len(digits), group))
    left = redact(f"{before}{number}{after}")
    assert number not in left
    assert digits not in re.sub(r"\W", "", left)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "\n",
        "@",
        "a@",
        "a.",
        "a-",
        "a1",
        "1 ",
        "- ",
        "+(",
        "_",
        "Aa ",
        "Mr Aa ",
        "Hi Aa\n",
        "AB12 ",
        "rue de ",
        "please ",
        "dear\n",
        "Wo? ",
        "so: ",
        "«a» ",
    ],
)
def test_no_text_takes_long(text):
    """A rule that backtracks took 25 s for 20,000 newlines, and minutes for '@@@…'."""
    start = time.perf_counter()
    trim.task([text * (trim.READ // len(text))])
    assert time.perf_counter() - start < 3


def test_extract_redacts(con):
    said = "Hi Bob, my name is Jane Doe. Please book a table, mail jane@example.com or call 555-123-4567."
    for facet in ("request", "task"):
        assert not re.search(r"Bob|Jane|Doe|example|555|4567", ask(con, facet, said))


# What is asked for


@pytest.mark.parametrize(
    ("turns", "task"),
    [
        (["Hello, could you please help me to find a cheap hotel? Thanks a lot"], "find a cheap hotel"),
        (["I'd like to book a table for two, please"], "book a table for two"),
        (["I am moving soon. Can you write a letter to my landlord?"], "write a letter to my landlord"),
        (["Hi", "Show me flights"], "Show me flights"),
        (["What is &lt;b&gt; in HTML?"], "What is <b> in HTML"),
        (["¿Puedes reservar una mesa, por favor?"], "¿Puedes reservar una mesa"),
        (["东京酒店推荐"], "东京酒店推荐"),
    ],
)
def test_task_is_trimmed_to_what_is_asked(con, turns, task):
    assert ask(con, "task", *turns) == task


def test_request_is_of_the_user_alone(con):
    transcript = "<assistant>\nAsk me anything.\n</assistant>\n<user>\nexplain tax law\n</user>"
    assert one(con, "clio_extract(?, {request: 'q'})['request']", transcript) == "explain tax law"


def test_a_long_text_is_cut_at_a_word(con):
    answer = ask(con, "request", "explain " + "antidisestablishment " * 5000)
    assert len(answer) <= trim.LONGEST
    assert set(answer.split()) == {"explain", "antidisestablishment"}


@pytest.mark.parametrize("said", ["", " ", "\0", "...", "🙈"])
def test_a_text_that_says_nothing_has_no_language_and_no_crash(con, said):
    assert ask(con, "language", said) is None
    assert one(con, "clio_extract_raw(?, ?).status", f"<user>\n{said}\n</user>", '{"task": "q"}') == "ok"


CODE = "```python\nfor n in range(9):\n    print('please', n)\n```"
STORY = "We met in spring and went to the sea. " * 8


@pytest.mark.parametrize(
    ("turns", "wanted"),
    [
        ([f"{CODE}\nWhy does this loop print nothing?"], "Why does this loop print nothing"),
        ([f"Explain this loop {CODE}"], "Explain this loop"),
        ([CODE, "Why is it slow?"], "Why is it slow"),
        ([f"```\n{CODE[3:-3]}"], None),
        (["<system-reminder>\nPlease use tabs\n</system-reminder>\nFix the parser"], "Fix the parser"),
        (["<system-reminder>\nPlease use tabs\n</system-reminder>"], None),
        (["<documents>Shoes can be returned.</documents>\nHow do I return shoes?"], "How do I return shoes"),
        (["Context: Shoes can be returned. We are open.\n\nQuestion: where is the shop"], "where is the shop"),
        (["### Input:\nbook a room\n\n### Response:"], "book a room"),
        (["Kontext: Wir haben offen.\nFrage: Wo ist der Laden?"], "Wo ist der Laden"),
        (["上下文：本店营业。\n问题：怎么退货"], "怎么退货"),
        ([f"{STORY}Can you write a letter to her?"], "write a letter to her"),
        ([f"{STORY}He never paid me back.\nWhat can I do?"], "He never paid me back. What can I do"),
        (["I have a question: is it open?"], "I have a question: is it open"),
        (["> please come\nAnswer this mail"], "Answer this mail"),
    ],
)
def test_request_is_what_the_user_asks_not_what_stands_around_it(con, turns, wanted):
    asked = ask(con, "request", *(turn.replace("&", "&amp;").replace("<", "&lt;") for turn in turns))
    assert asked == wanted


LONG = "My kitchen has been under water since Monday and it is getting worse with each hour. " * 4
LOG = '2026-03-01 12:00:00 ERROR it failed\nTraceback (most recent call last):\n  File "a.py", line 3\nValueError: x\n'


@pytest.mark.parametrize(
    ("turn", "task"),
    [
        (
            f"Hello! How are you? I hope you are well. {LONG}How do I close the main valve? Thanks",
            "How do I close the main valve",
        ),
        (f"Can I open the box at night? {LONG}Who repairs pipes on Sundays?", "Who repairs pipes on Sundays"),
        (f"Can I open the box at night? {LONG}Where is it?", "Can I open the box at night"),
        (f"{LONG}I need a plumber near the old station. He broke it.", "a plumber near the old station"),
        (f"{LONG}It is broken.", LONG.split(". ")[0]),
        (f"{LOG}Why does the worker fail at noon?\n{LOG}", "Why does the worker fail at noon"),
        (
            f"Translate this into Dutch: Where is the ward? {LONG}Can you come and help me now?",
            "Translate this into Dutch: Where is the ward",
        ),
        (
            "Dear Sir, I am cross. Can you refund me today? Sincerely, A\n\nMake this letter polite",
            "Make this letter polite",
        ),
        ("Dear support,\nhow do I reset my card?\nRegards\nAnna Smith", "how do I reset my card"),
        (f'{LONG}"Can you leave me alone now?"\nAnswer that for me', "Answer that for me"),
        (
            f"Hola, buenas tardes. {LONG}¿Qué cerrajero abre los domingos? Muchas gracias",
            "¿Qué cerrajero abre los domingos",
        ),
        (f"Guten Tag. {LONG}Wo finde ich einen Klempner? Er soll bald kommen.", "Wo finde ich einen Klempner"),
        (
            f"Bonjour. {LONG}Je cherche un plombier ouvert dimanche. Il fait froid.",
            "Je cherche un plombier ouvert dimanche",
        ),
        (f"Здравствуйте. {LONG}Где найти сантехника сегодня? Спасибо", "Где найти сантехника сегодня"),
        (f"مرحبا. {LONG}كيف أستطيع إلغاء الطلب الآن؟ شكرا", "كيف أستطيع إلغاء الطلب الآن؟"),
        (f"नमस्ते। {LONG}पानी कैसे बंद करें। मैं अकेला हूँ।", "पानी कैसे बंद करें।"),
        (f"你好。{LONG}请问怎么关水。谢谢", "请问怎么关水。"),
        (f"こんにちは。{LONG}水道の止め方を教えてください。家は古いです。", "水道の止め方を教えてください。"),
        (f"안녕하세요. {LONG}수도를 어떻게 잠그나요? 집이 낡았습니다.", "수도를 어떻게 잠그나요"),
        (f"{LONG}\nช่วยบอกวิธีปิดน้ำหน่อย\n{LONG}", "ช่วยบอกวิธีปิดน้ำหน่อย"),
    ],
)  # fmt: skip
def test_the_sentence_that_asks_is_found(con, turn, task):
    turn = turn.replace("&", "&amp;").replace("<", "&lt;")
    assert ask(con, "task", turn) == task
    assert task in ask(con, "request", turn)


def test_a_short_turn_is_a_request_as_a_whole(con):
    assert (
        ask(con, "request", "Hi. My card is lost. How do I block it? Thanks!") == "My card is lost. How do I block it"
    )


WRITTEN = st.lists(
    st.one_of(
        st.sampled_from(["my name is",
            "Hi", "Dear", "Thanks,", "call me", "I'm", "Jane Doe", "Jane", "\n", "- ", ".", "ı am"]),
        st.sampled_from(["jane@x.org",
            "www.x.org", "x.org/a", "221B Baker Street", "555-123-4567", "calle Mayor 5", "HEIẞE"]),
        st.text(max_size=8),
    ),
    max_size=8,
).map(" ".join)  # fmt: skip


@settings(max_examples=500, deadline=None, derandomize=True)
@given(WRITTEN)
def test_no_rule_is_left_out_that_would_find_something(text):
    whole = text
    for _, rule in _RULES:
        whole = rule.sub(" ", whole)
    assert redact(text) == re.sub(r"[ \t]{2,}", " ", whole).strip()


def test_a_long_turn_that_begins_by_asking_is_read_from_its_beginning(con):
    assert ask(con, "request", f"Please shorten this: {STORY}Is it good?").startswith("shorten this: We met in spring")


def test_language_is_that_of_the_question_not_of_the_code(con):
    assert (
        ask(con, "language", f"{CODE}\nWarum gibt diese Schleife nichts aus, und was kann ich dagegen tun?") == "German"
    )


def test_no_user_turn_has_no_task(con):
    assert one(con, "clio_extract('<assistant>\nHello.\n</assistant>', {task: 'q'})['task']") is None


# Language, concern, category


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("Where can I find a cheap hotel near the station?", "English"),
        ("¿Dónde puedo encontrar un hotel barato cerca de la estación?", "Spanish"),
        ("Où puis-je trouver un hôtel pas cher près de la gare ?", "French"),
        ("Wo finde ich ein günstiges Hotel in der Nähe des Bahnhofs?", "German"),
        ("Onde posso encontrar um hotel barato perto da estação?", "Portuguese"),
        ("Dove posso trovare un albergo economico vicino alla stazione?", "Italian"),
        ("駅の近くの安いホテルはどこですか", "Japanese"),
    ],
)
def test_language(con, said, language):
    assert ask(con, "language", said) == language


SCORE = "{question: 'q', kind: 'score'}"


def test_concern_of_examples_that_were_held_apart():
    rows = [row for row in concern_model.examples() if concern_model.held(row[2])]
    assert len(rows) > 100
    found = concern.scores(embedder(concern.MODEL).encode([text for _, _, text in rows]))
    recall, precision = concern_model.measured(found, [score for score, _, _ in rows])
    assert recall > 0.65 and precision > 0.75
    words = [concern.by_words([text]) for _, _, text in rows]
    assert concern_model.measured(words, [score for score, _, _ in rows])[0] < recall / 2


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("book a table", 1, 1),
        ("kill the process that uses this port", 1, 2),
        ("Write MALWARE for me that steals passwords", 3, 5),
        ("cómo fabrico una bomba", 4, 5),
    ],
)
def test_concern_goes_by_what_is_asked(con, said, least, most):
    assert least <= int(ask(con, "concern", said, question=SCORE)) <= most


def test_concern_looks_at_later_turns_with_a_word_of_the_list(con):
    assert int(ask(con, "concern", "find a hotel", "ok", "how do I build a bomb at home", question=SCORE)) >= 4


def test_concern_of_another_embedding_model_goes_by_the_list():
    other = Local(SimpleNamespace(name="another"))
    (answer,) = other.extract([Extract("kill the process", {"c": Question("q", "score")})])
    assert answer.value == {"c": "3"}


def test_concern_does_not_count_what_the_assistant_wrote(con):
    transcript = "<user>\nhello there\n</user>\n<assistant>\nI refuse to build a bomb.\n</assistant>"
    assert one(con, "clio_extract(?, {c: {question: 'q', kind: 'score'}})['c']", transcript) == "1"


def test_category_is_the_nearest_choice(con):
    question = "{question: 'q', kind: 'category', choices: ['travel', 'cooking', 'programming']}"
    assert ask(con, "topic", "fix this Python function", question=question) == "programming"
    assert ask(con, "topic", "a recipe for soup", question=question) == "cooking"
    assert ask(con, "topic", "flights to the sea", question=question) == "travel"


def test_a_doubtful_choice_or_language_is_unsure(con):
    (relation,) = [each for each in catalog.load() if each.name == "facet_values"]
    choices = "{question: 'q', kind: 'category', choices: ['music', 'sport']}"
    facets = [("request", "text"), ("topic", "category"), ("language", "category")]
    with clio_sql.connect() as own:
        own.execute("create table facets (facet varchar, kind varchar, question varchar)").executemany(
            "insert into facets values (?, ?, 'q')", facets
        )
        own.execute(f"""create table questions as select to_json({{
            request: 'q', language: {{question: 'q', kind: 'category', choices: []::varchar[]}}, topic: {choices}
            }})::varchar as questions""")
        own.execute("""create table asked_transcripts as select *, null::map(varchar, struct(
            value varchar, status varchar, error varchar, answered_by varchar)) as known from (values
            ('sure', 'play a song of my favourite band for me'), ('doubtful', 'ok xyzzy')
            ) as t(conversation_id, transcript)""")
        fill(own, relation.inputs)
        columns = "conversation_id, facet, value, status, answered_by"
        found = own.execute(f"select {columns} from ({relation.sql})").fetchall()
    answers = {(row[0], row[1]): row[2:] for row in found}
    assert answers["sure", "topic"] == ("music", "ok", "rule")
    assert answers["sure", "language"] == ("English", "ok", "rule")
    assert answers["doubtful", "topic"] == answers["doubtful", "language"] == (None, "unsure", None)
    assert answers["doubtful", "request"][1] == "ok"


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=20), st.lists(st.sampled_from(["a", "b c", "", "旅行"]), min_size=1, max_size=3))
def test_category_is_always_a_choice_or_none(con, said, choices):
    questions = {"c": {"question": "q", "kind": "category", "choices": choices}}
    answer = one(con, "clio_extract(?, ?::json)['c']", said, json.dumps(questions))
    assert answer is None or answer in choices


# Names

CARDS = ["where is my atm card", "my ATM card is lost", "lost ATM card", "block my ATM card please"]


def name(con, members: list[str], terms: list[str], taken: list[str] = (), neighbours: list[str] = ("book a flight",)):
    call = "clio_name(?::varchar[], ?::varchar[], '', terms := ?::varchar[], taken := ?::varchar[])"
    return one(con, call, members, list(neighbours), terms, list(taken))


def test_name_is_cased_as_most_members_write_it(con):
    assert name(con, CARDS, ["atm card", "lost"])["name"].startswith("ATM card")
    assert "'ATM card'" in name(con, CARDS, ["atm card", "lost"])["description"]


def test_vague_terms_never_win(con):
    members = ["good things about fun balance", "interesting things", "good balance", "good fun"]
    for terms in (["good", "interesting things", "fun", "balance"], ["things", "good fun", "balance"]):
        assert "balance" in name(con, members, terms)["name"].lower()


def test_siblings_do_not_share_a_name(con):
    members = ["check my balance", "balance of my savings", "savings balance"]
    first = name(con, members, ["balance", "savings"])
    second = name(con, members, ["balance", "savings"], taken=[first["name"].lower()])
    assert second is None or second["name"] != first["name"]


def test_a_name_is_one_of_the_phrases(con):
    phrases = ["check my card balance", "find a cheap hotel room", "card"]
    assert name(con, ["check my card balance"] * 3 + ["find a cheap hotel room"] * 3, phrases)["name"] == (
        "Check my card balance"
    )


def test_a_description_says_which_language_it_is_in(con):
    phrases = ["cambiar mi contraseña", "olvidé la contraseña de mi cuenta"]
    assert name(con, phrases, phrases)["description"].endswith("Most of it is in Spanish.")


@pytest.mark.parametrize(
    "phrases, gloss",
    [
        (["cambiar mi contraseña", "olvidé la contraseña de mi cuenta", "change my password"], "change my password"),
        (["cambiar mi contraseña", "olvidé la contraseña de mi cuenta", "no me la"], None),  # 'no' is English, too
        (["今夜の席を予約", "二人分の席を予約したい", "book a table"], "book a table"),
        (["wachtwoord wijzigen van mijn account", "ik ben mijn wachtwoord vergeten", "hand"], None),  # no list of Dutch
    ],
)
def test_a_description_has_an_english_phrase_where_users_share_one(con, phrases, gloss):
    sentence = name(con, phrases, phrases)["description"].rpartition("Most of it is in ")[2]
    assert sentence.partition("; in English: ")[2] == (f"'{gloss}'." if gloss else "")


WORDS = st.sampled_from(["card", "balance", "hotel", "atm", "good", "my", "lost", "the", "visa", "things"])
PHRASES = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=6, unique=True)


@settings(max_examples=40, deadline=None)
@given(PHRASES, PHRASES, st.data())
def test_every_name_keeps_the_rules(con, members, terms, data):
    taken = data.draw(st.lists(st.sampled_from(terms), unique=True))
    named = name(con, members, terms, taken)
    if named is None:
        return
    assert named["name"].lower() in terms
    assert named["name"][0].isupper()
    assert named["name"].lower() not in taken
    described = named["description"]
    assert len(re.findall(r"[.](?: |$)", described)) in (2, 3) and described.endswith(".")
    assert not re.search(r"\d", described)
    assert set(re.findall(r"'(.+?)'", described.lower())) <= set(terms)
    assert named == name(con, members, terms, taken)


def test_description_says_how_common_its_terms_are(con):
    members = ["lost card"] * 4 + ["card fees"] * 4 + ["card hotel"] * 2
    assert name(con, members, ["card", "lost", "fees", "hotel"])["description"] == (
        "Users write about 'card'. About half mention 'lost' and 'fees'; some mention 'hotel'."
    )


def test_the_same_is_answered_the_same_on_another_database(con):
    query = f"clio_name({CARDS}, ['hotel'], '', terms := ['atm card', 'lost'])"
    with clio_sql.connect() as other:
        assert one(other, query) == one(con, query)
        text = "Hello, I want to book a cheap flight. My budget is small."
        questions = "{request: 'q', task: 'q', language: 'q'}"
        assert one(other, f"clio_extract(?, {questions})", text) == one(con, f"clio_extract(?, {questions})", text)
