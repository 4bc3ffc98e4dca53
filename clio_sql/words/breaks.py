"""Where words end in Chinese and Japanese, which do not separate them, by ICU's dictionary."""

from __future__ import annotations

import re

# ICU breaks Thai, Lao, Khmer and Burmese too, but without a good list of names none of their words is published.
_RUN = re.compile("[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f]+")


def broken(text: str) -> str:
    """`text` with a blank before and behind each word of such a script; all else as it is."""
    return _RUN.sub(lambda run: f" {' '.join(_words(run[0]))} ", text)


def _words(run: str) -> list[str]:
    from icu4py.breakers import WordBreaker

    return [run[start:end] for start, end in WordBreaker(run, "und").segments()]
