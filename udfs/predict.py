"""clio_predict: the likeliest answer of a logistic regression, by number, and how likely it is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.udfs import Function, matrix


def predict(engine: Engine, vectors: pa.ChunkedArray, models: pa.ChunkedArray) -> pa.Array:
    """STRUCT(number, probability): the row of the model that fits a vector best, from 1, and its probability, 0 to 1.

    ClioError for vectors of another length than those that the model was learned from.
    """
    engine.check()
    points = matrix("clio_predict", vectors)
    names = np.asarray(models.to_pylist())
    numbers, probabilities = np.zeros(len(points), np.int32), np.zeros(len(points), np.float32)
    for model in sorted(set(names.tolist())):
        rows = names == model
        numbers[rows], probabilities[rows] = _likeliest(points[rows], engine.model(model))
    engine.advance("predict", len(points))
    return pa.StructArray.from_arrays([pa.array(numbers), pa.array(probabilities)], names=["number", "probability"])


def _likeliest(points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if points.shape[1] + 1 != weights.shape[1]:
        raise ClioError(
            f"clio_predict: a vector of {points.shape[1]} numbers was given to a model of {weights.shape[1] - 1}. "
            "Embed with the model that it was learned on."
        )
    scores = points.astype(np.float64) @ weights[:, :-1].T.astype(np.float64) + weights[:, -1]
    scores -= scores.max(axis=1, keepdims=True)
    shares = np.exp(scores)
    best = scores.argmax(axis=1)
    return best + 1, shares[np.arange(len(best)), best] / shares.sum(axis=1)


FUNCTION = Function("clio_predict", ["FLOAT[]", "VARCHAR"], "STRUCT(number INTEGER, probability FLOAT)", predict)
