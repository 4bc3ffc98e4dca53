"""What proxies cost, and how right they are, against asking a model about every conversation.

    python tests/bench_proxies.py [--conversations N] [--sample N] [--plan N]

Runs over the conversations of `paid.rows` and PLANTED with the stand-in server, of whose answers 90% are right and the
others drawn from all possible ones: everything asked; then a sample, with `request` by rule and by the model; then a
sample where proxies must agree more often than they can. `agreement`: with held-out answers of the model (`about`).
`right`: share of the proxies' answers, or without any of all answers, that are the planted ones. Dollars are those of
extraction in `clio_state.calls`, at the prices of `calls/prices.py`. At the end the plan for N conversations of some
1,000 tokens with four facets (--plan 0: none), with a sample of 5,000 and without.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import paid
from messages_server import KEY, Server

from clio_sql.run.plan import plan

RELIABLE = 0.9
FACETS = ("hobby", "outdoors", "effort")
ROW = "{:<28} {:>7} {:>9} {:>8} {:>11} {:>16} {:>7} {:>7}"
PRICES = "claude-haiku-5-5=0.1/0.5;claude-sonnet-5-5=2/10"  # of the two models, also where the server is one's own


def folder(path: Path, **settings: object) -> Path:
    made = paid.folder(path, **{"naming_sees": "'terms'"} | settings)
    (made / "facets.sql").write_text(paid.PLANTED)
    return made


def measured(name: str, input: Path, right: dict[str, dict[str, str]], into: Path, **settings: object) -> None:
    """Print one line per facet of one run."""
    with Server() as server:
        server.raw = paid.planted(RELIABLE)
        paid.run(input, into / name, server, folder(into / f"{name}.sql", **settings), max_usd=100)
        calls = Counter(paid.task(body) for body in server.received)["extract"]
    ((usd,),) = paid.state(into / name, "select sum(cost_usd) from clio_state.calls where function = 'extract'")
    answers = paid.state(into / name, "select conversation_id, facet, value, answered_by from clio.facet_values")
    proxies = paid.state(into / name, "select facet, agreement, low, high from clio.proxies")
    agreed = {row[0]: row[1:] for row in proxies}
    of_rest = [row for row in answers if row[3] == "proxy"] or answers
    for facet in FACETS:
        mine = [row for row in answers if row[1] == facet]
        by = Counter(row[3] for row in mine)
        shown = [row for row in of_rest if row[1] == facet] or mine
        share = sum(right[row[0]][facet] == row[2] for row in shown) / len(shown)
        told = agreed.get(facet)
        print(ROW.format(
            name if facet == FACETS[0] else "", f"{calls:,}" if facet == FACETS[0] else "",
            f"{usd:.3f}" if facet == FACETS[0] else "", facet,
            "-" if told is None else f"{told[0]:.3f}", "-" if told is None else f"{told[1]:.3f} to {told[2]:.3f}",
            f"{by['proxy']:,}", f"{share:.3f}",
        ))  # fmt: skip


def planned(conversations: int, into: Path) -> None:
    """Print what a plan says of extraction, and in all, for so many conversations of 1,000 tokens."""
    drawn, path = random.Random(1), into / "many.jsonl"
    words = ["".join(drawn.choices("abcdefghijklmnopqrstuvwxyz", k=drawn.randint(3, 9))) for _ in range(3000)]
    with open(path, "w", encoding="utf-8") as file:
        for number in range(conversations):
            said = (" ".join(drawn.choices(words, k=280)) for _ in range(2))
            messages = [{"role": role, "content": text} for role, text in zip(("user", "assistant"), said, strict=True)]
            row = {"conversation_id": f"c{number}", "user_id": f"u{number % 5000}", "messages": messages}
            file.write(json.dumps(row | {"created_at": "2026-03-01T10:00:00"}) + "\n")
    by_rule: dict[str, object] = {"extract_sample": 5000, "text_by": "'rule'"}
    for name, settings, naming in (
        ("request by rule, named by Haiku", by_rule, "claude-haiku-5-5"),
        ("request by rule", by_rule, "claude-sonnet-5-5"),
        ("request by model", {"extract_sample": 5000}, "claude-sonnet-5-5"),
        ("everything asked", {}, "claude-sonnet-5-5"),
    ):
        analysis = into / f"plan {name}"
        folder(analysis, conversations_per_cluster=50, top_clusters=10, neighbourhood=40, **settings)
        begun = time.monotonic()
        steps = plan(str(path), None, analysis=analysis, runtime={"provider": "anthropic", "naming_model": naming})
        surely = [step for step in steps if not step.if_unmet]
        extraction = sum(step.plan.usd for step in surely if step.name in ("extract", "texts", "sample", "rest"))
        total, unmet = (sum(step.plan.usd for step in steps if step.if_unmet == each) for each in (False, True))
        print(
            f"{name}: extraction ${extraction:.2f}, in all ${total:.2f}"
            + (f"; ${total + unmet:.2f} if no proxy is good enough" if unmet else "")
            + f" ({time.monotonic() - begun:.0f} s)",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=3000)
    parser.add_argument("--sample", type=int, default=600)
    parser.add_argument("--plan", type=int, default=100_000)
    given = parser.parse_args()
    os.environ |= {"ANTHROPIC_API_KEY": KEY, "CLIO_PRICES": PRICES, "CLIO_SALT": "0123456789abcdef" * 4}
    with tempfile.TemporaryDirectory() as name:
        into = Path(name)
        rows = paid.rows(given.conversations, users=600)
        right = {row["conversation_id"]: paid.right(row["messages"][0]["content"]) for row in rows}
        path = paid.written(into / "a.jsonl", given.conversations, users=600)
        print(ROW.format("run", "calls", "US$", "facet", "agreement", "interval", "proxies", "right"))
        sample: dict[str, object] = {"extract_sample": given.sample, "proxy_agreement": 0.85}
        if given.conversations == 0:
            return planned(given.plan, into)
        measured("everything asked", path, right, into)
        measured("request by rule", path, right, into, text_by="'rule'", **sample)
        measured("request by model", path, right, into, **sample)
        measured("agreement of 0.99 wanted", path, right, into, text_by="'rule'", **sample | {"proxy_agreement": 0.99})
        if given.plan:
            planned(given.plan, into)


if __name__ == "__main__":
    main()
