"""`python tests/mutations.py [NUMBER …]` breaks one rule after another and shows that the default run fails for each.

A rule is broken in the checkout itself, so nothing else may use it meanwhile; it is put back whatever happens. To be
quick, only the tests that are named are run: all of them belong to the default run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Mutation(NamedTuple):
    """In a file, `new` in the place of `old`; the tests that must fail then."""

    rule: str
    file: str
    old: str
    new: str
    tests: str


MUTATIONS = (
    Mutation("the gate lets through who reaches the threshold", "sql/macros/clio_gate.sql",
             "people >= min_users", "people > min_users",
             "test_relations.py::test_what_passes_the_gate_has_enough_people_none_of_whom_dominates"),
    Mutation("no user has more than their share", "sql/macros/clio_gate.sql",
             "coalesce(most, 0) <= max_user_share * conversations", "true",
             "test_relations.py::test_what_passes_the_gate_has_enough_people_none_of_whom_dominates"),
    Mutation("published counts are rounded", "sql/published/clusters.sql",
             "round(conversations / round_to) * round_to as conversations", "conversations",
             "test_relations.py::test_golden"),
    Mutation("what is left of a breakdown passes the gate", "sql/suppression/family_choices.sql",
             "where not passes\n", "where false\n",
             "test_suppression.py::test_a_planted_cell_is_had_without_the_rule_and_not_with_it"),
    Mutation("no one or two users have most of a measure", "sql/steps/clio_dominated.sql",
             "two <= greatest(0.8, max_user_share) * total", "true",
             "test_relations.py::test_golden"),
    Mutation("what is shown is not held back too", "sql/models/suppressed.sql",
             " and shown.cluster_id is null", "",
             "test_relations.py::test_golden"),
    Mutation("a cluster that a person hid is not shown", "sql/models/base_clusters.sql",
             "anti join hidden_clusters using (facet, cluster_id)\n", "",
             "test_relations.py::test_golden"),
    Mutation("a name needs a good rating", "sql/models/name_audits.sql",
             "answer.value.rating < min_audit_rating", "false",
             "test_relations.py::test_golden"),
    Mutation("SQL of an analysis reads no file", "clio_sql/warehouse/lock.py",
             '    "set enable_external_access = false",\n', "",
             "test_lock.py"),
    Mutation("requests are redacted", "clio_sql/words/redact.py",
             'without := rule.sub(" ", text)', "without := text",
             "test_local.py::test_redact"),
    Mutation("no call is made beyond the budget", "clio_sql/calls/money.py",
             "self.spent + self.reserved + usd <= self.max_usd", "True",
             "test_calls.py::test_over_budget_is_not_stored_and_more_money_goes_on"),
    Mutation("near-identical texts of a few count for one of them", "sql/models/independent_texts.sql",
             "numbered.user_id = counted_user_id", "true",
             "test_relations.py::test_near_identical_texts_of_a_few_users_count_for_one_of_them"),
    Mutation("enough users wrote each word of a name", "sql/models/supported_words.sql",
             "count(distinct counted_user_id)", "count(*)",
             "test_relations.py::test_golden"),
    Mutation("a conversation counts once", "sql/sources/steps/wholes.sql",
             "select * from apart anti join of_longer using (position) anti join of_equal using (position)",
             "select * from apart where false",
             "test_persons.py"),
    Mutation("a published figure waits for enough people", "sql/models/user_changes.sql",
             "moved_independent >= min_users or", "true or",
             "test_published_figures.py::test_a_figure_waits_until_enough_people_came"),
    Mutation("a call that failed is made again", "clio_sql/calls/__init__.py",
             '{"ok", "refused"}', '{"ok", "refused", "malformed", "failed", "truncated"}',
             "test_calls.py::test_a_repair_in_vain_is_a_failure_and_the_next_run_asks_both_again"),
    Mutation("who was forgotten does not come in again", "clio_sql/sources/adapters.py",
             "    if forgotten:\n", "    if False:\n",
             "test_forget.py::test_whom_an_earlier_version_forgot_as_decimals_stays_out"),
    Mutation("a cluster keeps its id after a refit", "sql/models/cluster_ids.sql",
             "and (overlap >= 1 / 3 or", "and (false or",
             "test_refresh.py::test_a_cluster_goes_on_in_its_larger_half_and_the_other_gets_an_id_of_its_own"),
    Mutation("a folder may publish only what is published", "clio_sql/analysis/binder.py",
             "_published(con, known, packaged, own - lost)", "_published(con, known, packaged, set())",
             "test_findings.py::test_the_binder_alone_finds_no_private_table"),
    Mutation("the auditor reads all of a name", "sql/steps/clio_audited.sql",
             "then concat(name, '. ', description) else unreviewed[2] end", "then '' else unreviewed[2] end",
             "test_audit_validation.py::test_both_layers_reject_what_is_unsafe_and_let_pass_what_is_safe"),
    Mutation("an erased word is in no byte", "clio_sql/warehouse/erase.py",
             "        _copy(path, draft)\n", "        shutil.copyfile(path, draft)\n",
             "test_forget.py::test_nothing_of_a_forgotten_person_is_left_or_comes_back"),
)  # fmt: skip


def fails(tests: str) -> str | None:
    """The first failed test, None if there is none."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, f"tests/{tests}"], cwd=ROOT, capture_output=True, text=True)
    found = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return found[0].split(" - ")[0] if done.returncode == 1 and found else None


def tried(mutation: Mutation) -> str | None:
    path = ROOT / mutation.file
    text = path.read_text("utf-8")
    assert text.count(mutation.old) >= 1, f"{mutation.file} has changed: mend the mutation"
    try:
        path.write_text(text.replace(mutation.old, mutation.new), "utf-8")
        return fails(mutation.tests)
    finally:
        path.write_text(text, "utf-8")


def main(numbers: list[int]) -> int:
    missed = 0
    for number, mutation in enumerate(MUTATIONS, start=1):
        if not numbers or number in numbers:
            found = tried(mutation)
            missed += found is None
            print(f"{number:2}. {mutation.rule}: {found or 'NOT SEEN'}", flush=True)
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main([int(each) for each in sys.argv[1:]]))
