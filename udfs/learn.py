"""clio_learn: a logistic regression from vectors to answers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.udfs import Function, matrix

STRENGTH = 10.0  # inverse of the L2 penalty: of 1, 3, 10, 30 and 100 the best for unit vectors of sentences
STEPS = 1_000  # of the solver, which takes some hundred
TYPE = pa.struct([("model", pa.string()), ("answers", pa.list_(pa.string()))])


def learn(engine: Engine, vectors: pa.ChunkedArray, answers: pa.ChunkedArray) -> pa.Array:
    """STRUCT(model, answers): the id of the fitted model, and its distinct answers in the order of its rows.

    vectors: a list of vectors; answers: as many texts, with at least two different ones, none NULL. Else ClioError.
    """
    learned, whole = [], vectors.combine_chunks()
    for row, given in enumerate(answers.to_pylist()):
        engine.check()
        points = matrix("clio_learn", whole.slice(row, 1).flatten())
        known = sorted(set(given) - {None})
        if len(given) != len(points) or None in given or len(known) < 2:
            raise ClioError(
                f"clio_learn: {len(points)} vectors and {len(given)} answers, {len(known)} of them different; there "
                "must be an answer for each vector, none NULL, and at least two different ones."
            )
        model = engine.save_model(_weights(points, np.searchsorted(known, given), len(known)))
        learned.append({"model": model, "answers": known})
        engine.advance("learn", 1)
    return pa.array(learned, type=TYPE)


def _weights(points: np.ndarray, classes: np.ndarray, count: int) -> np.ndarray:
    """A row per class: its weights and its intercept, shape (count, d + 1), float32."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # the result depends on the threads
        fitted = LogisticRegression(C=STRENGTH, max_iter=STEPS).fit(points.astype(np.float64), classes)
    weights = np.hstack([fitted.coef_, fitted.intercept_[:, None]])
    if count == 2:  # scikit-learn keeps the second class alone: the first one's score is then 0
        weights = np.vstack([np.zeros_like(weights), weights])
    return weights.astype(np.float32)


FUNCTION = Function("clio_learn", ["FLOAT[][]", "VARCHAR[]"], "STRUCT(model VARCHAR, answers VARCHAR[])", learn)
