"""clio-sql through ibis: `import clio_sql.frames as clio`.

`clio.connect(path)` gives an ibis connection; `clio.embed(table.text)` and so on are the SQL functions as typed
expressions; `clio.tree(con)` and its like are analyses of what is published. All of it is lazy, and
`ibis.to_sql(expression)` prints it.
"""

from clio_sql.frames.analyses import clusters, compare, differences, lift, measures, signals, tools, top, tree, trends
from clio_sql.frames.connection import connect
from clio_sql.frames.functions import (
    alike,
    audit,
    breaks,
    centroids,
    choose,
    cluster,
    embed,
    extract,
    extract_by_rule,
    fit,
    gate,
    identifies,
    learn,
    link,
    margin,
    match,
    merge,
    name,
    phrase,
    predict,
    project,
    propose,
    spelled,
    terms,
    tokens,
    transcript,
    unspaced,
    unsupported,
    user_id,
    word,
    words,
)

__all__ = [
    "alike", "audit", "breaks", "centroids", "choose", "cluster", "clusters", "compare", "connect", "differences",
    "embed", "extract", "extract_by_rule", "fit", "gate", "identifies", "learn", "lift", "link", "margin", "match",
    "measures", "merge", "name", "phrase", "predict", "project", "propose", "signals", "spelled", "terms", "tokens",
    "tools", "top", "transcript", "tree", "trends", "unspaced", "unsupported", "user_id", "word", "words",
]  # fmt: skip
