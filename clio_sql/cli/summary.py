"""What a run says about a refresh: how many conversations came, changed and went, and what was fitted again."""

from __future__ import annotations

from collections.abc import Iterator

from clio_sql.errors.printable import printable
from clio_sql.run.outcome import Outcome

WHY = {
    "asked": "--refit was given",
    "growth": "the number of conversations changed by more than refit_growth",
    "drift": "more conversations than refit_far_share are far from every cluster",
    "settings": "a setting that decides the number of clusters changed",
    "embedding_model": "the embedding model or its precision changed",
}
LOST = {  # why a correction does not hold
    "gone": "the cluster is gone. Take the row out, or name another: clio-sql correct OUT prints the ids",
    "no_target": "the cluster that it names as target is held back or gone. It holds once that is shown",
    "waits": "fewer than min_users users would change clusters, which would identify them, or another merge or move of "
    "the facet has to wait, or it was hidden until now. It holds once enough users changed; what was hidden, in the "
    "next run with new conversations",
    "merged_elsewhere": "it was merged into another cluster before, and what was merged stays merged. Take the row out",
    "not_shown": "the cluster is held back today. It holds again once the cluster is shown",
    "taken": "another cluster has that name. Give another",
    "audit_error": "the name could not be audited. Run again to ask again",
    "missing_setting": "min_audit_rating is missing in settings.sql",
}


def lines(outcome: Outcome) -> Iterator[str]:
    """Counts if a run was refreshed, what was erased, and one line per facet that was refitted or waits for it."""
    new, changed, vanished = outcome.conversations
    if outcome.rewritten:
        yield f"SQL that changed since the last build: {', '.join(f'{name}.sql' for name in outcome.rewritten)}"
    if outcome.again:
        why = "" if outcome.rewritten else ", since who answers changed: the model, or clio-sql itself"
        yield f"conversations: {outcome.again:,} answered again{why}"
    if outcome.segments:
        yield f"segments: {outcome.segments[0]:,} of {outcome.segments[1]:,} conversations"
    if "first" not in outcome.fits.values():
        units = "segments" if outcome.segments else "conversations"
        yield f"{units}: {new:,} new, {changed:,} changed, {vanished:,} vanished"
    if outcome.erased and outcome.erased.calls:
        cost = f"which had cost ${outcome.erased.usd:,.2f}"
        yield f"erased with the conversations that vanished: {outcome.erased.calls:,} stored calls, {cost}"
    for facet, reason in outcome.fits.items():
        if reason in WHY:
            yield f"{facet}: clusters fitted again, because {WHY[reason]}; those that stayed keep their ids"
    for kind, cluster, facet, reason in outcome.corrections:
        yield printable(f"corrections.sql: {kind} of {cluster} ({facet}) does not hold: {LOST.get(reason, reason)}.")
    for facet, reason in outcome.waiting.items():
        again = " with --refit" if reason == "asked" else ""
        yield (
            f"{facet}: refit postponed, although {WHY[reason]}: fewer than min_users users changed, so "
            f"the new figures could identify them. A run{again} fits the clusters once enough users have changed."
        )
