"""What a model call costs: one small, dated table, and the estimate before a call is made.

All prices are US dollars per million tokens. The figures are of `PRICED_ON`; they change, so a
user overrides a row by argument or by `CLIO_PRICES='model=input/output;model=input/output'`.
"""

from __future__ import annotations

import math
import os
import re
from typing import NamedTuple

from clio_sql.errors import ProviderError

PRICED_ON = "2026-11"
BATCH_SHARE = 0.5  # Message Batches are half price
CHARS_PER_TOKEN = 4.0  # close enough for English, by the API's own documentation


class Price(NamedTuple):
    """Dollars per million tokens of one model.

    long: the input and output price of a prompt of more than `LONG_PROMPT` tokens, if different.
    density: tokens of this model for one token as Claude 4.5 counts (four characters of English).
    """

    input: float
    output: float
    cache_write: float
    cache_read: float
    long: tuple[float, float] | None = None
    density: float = 1.0


LONG_PROMPT = 100_000

# Input, output, long-prompt and cache-read prices: the API's price list of PRICED_ON. Where it
# names no price for a cache write, the usual 1.25 times the input, and a tenth for a read. The density
# is stated for Haiku 5.5 alone; Sonnet 5.5 is taken to be the same, so that an estimate is not too low.
PRICES: dict[str, Price] = {
    "claude-haiku-5-5": Price(0.10, 0.50, 0.125, 0.01, (0.50, 2.50), 1.3),
    "claude-sonnet-5-5": Price(2.0, 10.0, 2.50, 0.20, None, 1.3),
    "claude-haiku-4-5": Price(1.0, 5.0, 1.25, 0.10),
}
FREE = Price(0.0, 0.0, 0.0, 0.0)


class Usage(NamedTuple):
    """Tokens of one reply as the server counted them; None if it did not say."""

    input: int | None = None
    output: int | None = None
    cache_write: int = 0
    cache_read: int = 0


def price_of(model: str, own: bool, overrides: dict[str, Price] | None = None) -> Price:
    """The price of `model`. One without a known price is free on a server of one's own, and an error elsewhere."""
    table = {**PRICES, **environment_prices(), **(overrides or {})}
    undated = re.sub(r"-(\d{8}|latest)$", "", model)  # an id with a date costs what the one without does
    if model in table or undated in table:
        return table.get(model) or table[undated]
    if own:
        return FREE
    known = ", ".join(sorted(table))
    raise ProviderError(
        f"model {model!r} has no known price, so no budget can be kept; known: {known}. "
        f"Set CLIO_PRICES='{model}=INPUT/OUTPUT' (dollars per million tokens; 0/0 where it is free)."
    )


def environment_prices() -> dict[str, Price]:
    """The rows of `CLIO_PRICES`; cache writes at 1.25 and cache reads at 0.1 of the input price."""
    rows: dict[str, Price] = {}
    for row in filter(None, os.environ.get("CLIO_PRICES", "").split(";")):
        match = re.fullmatch(r"\s*(\S+?)\s*=\s*(\d*\.?\d+)\s*/\s*(\d*\.?\d+)\s*", row)
        if match is None:
            raise ProviderError(
                f"CLIO_PRICES: {row.strip()!r} is not a price; allowed: model=INPUT/OUTPUT in dollars "
                "per million tokens, separated by ';'. Correct it."
            )
        paid = float(match[2])
        rows[match[1]] = Price(paid, float(match[3]), 1.25 * paid, 0.1 * paid)
    return rows


def cost(price: Price, usage: Usage, batch: bool = False) -> float:
    """Dollars of one reply; unreported tokens count as none (see `worst` for those)."""
    entered = (usage.input or 0) + usage.cache_write + usage.cache_read
    of_input, of_output, times = price.input, price.output, 1.0
    if price.long is not None and entered > LONG_PROMPT:
        of_input, of_output = price.long
        times = of_input / price.input if price.input else 1.0  # cache prices rise with the input's
    dollars = (
        (usage.input or 0) * of_input
        + (usage.output or 0) * of_output
        + usage.cache_write * price.cache_write * times
        + usage.cache_read * price.cache_read * times
    ) / 1e6
    return dollars * (BATCH_SHARE if batch else 1.0)


def tokens(characters: int, price: Price = FREE) -> int:
    """About how many tokens that many characters of English are for the model of `price`."""
    return math.ceil(characters / CHARS_PER_TOKEN * price.density)


def expected(price: Price, characters: int, output: int, batch: bool = False) -> float:
    """The likely cost in dollars of a prompt of that many characters with that many tokens of answer
    (as Claude 4.5 counts), nothing read from a cache."""
    return cost(price, Usage(tokens(characters, price), math.ceil(output * price.density)), batch)


def worst(price: Price, size: int, max_tokens: int, batch: bool = False) -> float:
    """The most that a call can cost in dollars: a prompt of `size` bytes of UTF-8 at three bytes per token
    (a Chinese character; English has four), at the higher of input and cache-write price, and the longest answer."""
    entered = math.ceil(size / 3 * price.density)
    usages = (Usage(entered, max_tokens), Usage(0, max_tokens, cache_write=entered))
    return max(cost(price, usage, batch) for usage in usages)
