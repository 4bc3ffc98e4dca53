"""Runtime matters: who answers, with which model, where. Never in the SQL.

The thresholds and facets of an analysis are relations (`sql/models/settings.sql`,
`sql/models/facets.sql`); what is here changes with the machine it runs on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from clio_sql.errors import ClioError

PROVIDERS = ("local",)


@dataclass(frozen=True)
class Runtime:
    """How functions are answered; the same arguments under the same runtime give the same result.

    provider: who answers the model functions.
    embedding_model: a sentence-transformers model, by name or folder. The default is
        read from the packaged weights when the extra `offline` is installed.
    """

    provider: str = "local"
    embedding_model: str = "all-MiniLM-L6-v2"

    def __post_init__(self) -> None:
        if self.provider not in PROVIDERS:
            allowed = ", ".join(PROVIDERS)
            raise ClioError(f"provider {self.provider!r} is not known; allowed: {allowed}.")


def runtime(**arguments: object) -> Runtime:
    """A Runtime from arguments, then `CLIO_*` environment variables, then defaults. None means not given."""
    given = {key: value for key, value in arguments.items() if value is not None}
    for key in Runtime.__dataclass_fields__:
        value = os.environ.get(f"CLIO_{key.upper()}")
        if key not in given and value:
            given[key] = value
    return Runtime(**given)  # type: ignore[arg-type]
