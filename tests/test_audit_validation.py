"""What tests/README.md says of the auditor and the supported-terms rule holds on the labelled texts."""

from __future__ import annotations

import pytest
from audit_validation import Judged, Text, judge, report, score, texts
from conftest import ROOT

from clio_sql.providers.local.auditing import rate

WANTED = 0.98  # of the unsafe texts, those that one layer or the other rejects


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Text, Judged]]:
    labelled = texts()
    return list(zip(labelled, judge(labelled), strict=True))


def test_the_set_is_large_mixed_and_nothing_stands_in_it_twice():
    labelled = texts()
    unsafe = [text for text in labelled if text.unsafe]
    assert len(labelled) >= 300 and len(unsafe) * 2 == len(labelled)
    assert 3 * sum(text.kind == "indirect" for text in unsafe) >= len(unsafe)
    assert len({text.text for text in unsafe}) == len(unsafe)
    assert not {text.text for text in unsafe} & {text.text for text in labelled if not text.unsafe}


@pytest.mark.parametrize("part", ["tune", "held"])
def test_both_layers_reject_what_is_unsafe_and_let_pass_what_is_safe(pairs, part):
    found = score([pair for pair in pairs if pair[0].part == part], "both")
    assert found.recall >= WANTED
    assert found.precision >= 0.95


def test_neither_layer_is_enough_alone(pairs):
    assert score(pairs, "auditor").recall < WANTED and score(pairs, "terms").recall < WANTED


def test_the_readme_has_the_table(pairs):
    table = "\n".join(report(pairs))
    assert table in (ROOT / "tests" / "README.md").read_text("utf-8"), table


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("", 5),
        ("Ask a doctor about pain", 4),  # a kind of person, and nobody's name is Doctor
        ("Write to my boss", 3),  # a certain person, of whom nothing is told
        ("The only nurse of the village", 2),
        ("Questions of the teacher who was suspended", 2),
        ("Her diagnosis and how to live with it", 2),
        ("What his or her doctor may say", 3),
        ("Mail jane dot doe at example dot com", 1),
        ("A pension at ninety-one", 1),
    ],
)
def test_rate(text, rating):
    assert rate(text)["rating"] == rating
