"""Where words end in scripts that do not separate them: Chinese, Japanese and Thai, by ICU's dictionaries."""

from __future__ import annotations

import re

# Lao, Khmer and Burmese are not here: no list of names is known for them, so their words are never published.
_RUN = re.compile("[\u0e00-\u0e7f\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f]+")


def broken(text: str) -> str:
    """`text` with a blank before and behind each word of such a script; all else as it is."""
    return _RUN.sub(lambda run: f" {' '.join(_words(run[0]))} ", text)


def _words(run: str) -> list[str]:
    from icu4py.breakers import WordBreaker

    return [run[start:end] for start, end in WordBreaker(run, "und").segments()]
