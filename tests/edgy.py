"""Seeded conversations about what people keep to themselves, for measuring what the rules for names cost.

`python tests/edgy.py FILE.parquet [CONVERSATIONS]` writes them. Twenty topics: ten are sensitive as a whole, and the
others hold a sensitive word in a small share of their conversations. All of it is invented.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# Per topic: what is asked, with which words it is filled, and the rare, sensitive asides of an ordinary topic.
MATERIAL = """
epilepsy: can {} happen during sleep with epilepsy; epilepsy and {} what should i do; which {} is safe with epilepsy
  seizures; driving; flashing lights; swimming; medication
depression: i have depression and {} what helps; how do i talk about depression with {}; does {} help against depression
  no energy; my doctor; running; sleep; my colleagues
abortion: how does an abortion work {}; where can i get an abortion {}; abortion law {}
  in the first weeks; without telling anyone; in my state; with pills; abroad
debt: my debt collector {} what now; how do i pay off debt {}; debt letter {}
  calls every day; with a small income; after a divorce; from a credit card; threatens court
asylum: asylum interview {}; how long does asylum take {}; appeal after asylum was refused {}
  questions; with children; without papers; and work permit; with a lawyer
drugs: how long does cocaine stay {}; is cocaine dangerous {}; stop taking cocaine {}
  in urine; in hair; with alcohol; before a test; at parties
prison: visit somebody in prison {}; life after prison {}; letter to prison {}
  rules; and work; at christmas; and parole; with children
gender: coming out as transgender {}; transgender at work {}; hormones for transgender {}
  to parents; and names; side effects; at school; costs
prayer: times of prayer in islam {}; prayer in islam while {}; how to learn prayer in islam {}
  travelling; at work; in ramadan; as a beginner; in winter
violence: my partner hits me {}; leave a partner who hits me {}; police report partner hits me {}
  and takes my money; with a child; at night; and apologises; without proof
bread: bake sourdough bread {}; sourdough bread {} too dense; store sourdough bread {}
  with rye flour; overnight; in a pan; at altitude; with seeds
  for my diabetes; after chemo
resume: write a resume {}; improve my resume {}; resume gap {}
  for a shop; for an office; without experience; in one page; for nursing
  after prison; after burnout
python: python loop {} error; python list {} sorting; python code {} slow
  with index; of numbers; in pandas; over files; of strings
  for my hiv clinic; for a casino
garden: plant tomatoes {}; tomatoes {} yellow leaves; water tomatoes {}
  in pots; in may; in shade; with compost; on a balcony
  since my husband died; with arthritis
travel: plan a trip to lisbon {}; train to lisbon {}; cheap hotel in lisbon {}
  in spring; for two; by night; with a bike; on a budget
  with my lover; in a wheelchair
essay: essay about climate {}; outline for climate essay {}; shorten my climate essay {}
  with sources; for school; in five parts; by tomorrow; with a thesis
  as a jewish student; with adhd
guitar: learn guitar chords {}; guitar chords {} for beginners; tune a guitar {}
  by ear; in a week; with small hands; for a song; at home
  in rehab; while unemployed
rent: landlord wants more rent {}; rent contract {}; rent deposit {} not returned
  this year; with notice; for a room; by mail; after moving out
  because i am black; after bankruptcy
fitness: training plan for a marathon {}; marathon shoes {}; marathon food {}
  in twelve weeks; for beginners; in winter; with hills; on a treadmill
  after a heart attack; with asthma
email: polite email to a customer {}; email subject line {}; shorten an email {}
  about a delay; for an offer; with thanks; in german; to a team
  about my miscarriage; about harassment
"""


def topics() -> dict[str, list[list[str]]]:
    """topic -> its asks, fills and asides."""
    found: dict[str, list[list[str]]] = {}
    for line in MATERIAL.strip().splitlines():
        if not line.startswith(" "):
            topic, _, line = line.partition(": ")
        found.setdefault(topic, []).append([part.strip() for part in line.split("; ")])
    return {topic: [*parts, []][:3] for topic, parts in found.items()}


OPENINGS = ("{}", "please: {}", "hello, {}", "{} please", "i want to know: {}", "{} thanks")
SCHEMA = pa.schema(
    {"conversation_id": pa.string(), "user_id": pa.string(), "created_at": pa.timestamp("us"),
     "messages": pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))}
)  # fmt: skip


def rows(conversations: int = 1600, seed: int = 0) -> list[dict]:
    """That many conversations; one in twelve of an ordinary topic holds its sensitive aside."""
    rng, material, found = np.random.default_rng(seed), list(topics().values()), []
    for number in range(conversations):
        asks, fills, asides = material[number % len(material)]
        text = asks[rng.integers(len(asks))].format(fills[rng.integers(len(fills))])
        if asides and rng.random() < 1 / 12:
            text += " " + asides[rng.integers(len(asides))]
        text = OPENINGS[rng.integers(len(OPENINGS))].format(text)
        messages = [{"role": "user", "content": text}, {"role": "assistant", "content": f"Answer {number}."}]
        created = datetime(2026, 3, 2) + timedelta(minutes=30 * number)
        user = f"u{rng.integers(conversations // 3):06d}"
        found.append(
            {"conversation_id": f"e{number:06d}", "user_id": user, "created_at": created, "messages": messages}
        )
    return found


def write(path: Path, conversations: int = 1600, seed: int = 0) -> Path:
    pq.write_table(pa.Table.from_pylist(rows(conversations, seed), SCHEMA), path)
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
