"""k-means on many points: seeds and first steps on a sample, the last step on all points, each a few BLAS products.

Seeds are drawn many at a time (Bahmani et al., "Scalable k-means++", 2012). Between the steps the centroids that are
missed least move to the widest clusters, which corrects bad seeds at less cost than drawing better ones. The same
seed gives the same bits on one machine; a different number of BLAS threads may change the last bits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK = 2_048  # points whose distances to all centroids are held at a time: 8 MB at 1,000 centroids
SAMPLE = 64  # points per centroid for the first steps
SEED_SAMPLE = 16  # and for the seeds
ROUNDS = 32  # in which the seeds are drawn
FIRST, BETWEEN, LAST = 3, 2, 1  # steps on the sample before and after centroids are moved, and on all points
MOVED = (0.2, 0.1, 0.1, 0.05)  # shares of the centroids that are moved


def kmeans(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """k centroids, float32, shape (k, d), of more than k distinct points, float32, shape (n, d)."""
    random = np.random.default_rng(seed)
    sample = points[random.permutation(len(points))[: SAMPLE * k]]
    centroids = lloyd(sample, _seeds(sample[: SEED_SAMPLE * k], k, random), FIRST)
    for share in MOVED:
        centroids = lloyd(sample, _moved(sample, centroids, int(share * k), random), BETWEEN)
    return lloyd(points, centroids, LAST)


def lloyd(points: np.ndarray, centroids: np.ndarray, steps: int) -> np.ndarray:
    """The centroids after that many steps. One without any nearest points moves to a point that is far from all."""
    from scipy.sparse import csr_array

    rows = np.arange(len(points) + 1)
    for _ in range(steps):
        owner, distance = nearest(points, centroids)
        sizes = np.bincount(owner, minlength=len(centroids))
        member = csr_array((np.ones(len(points), np.float32), owner, rows), shape=(len(points), len(centroids)))
        empty = np.flatnonzero(sizes == 0)
        centroids = (member.T @ points) / np.maximum(sizes, 1)[:, None].astype(np.float32)
        if len(empty):
            centroids[empty] = points[np.argsort(-distance, kind="stable")[: len(empty)]]
    return centroids


def nearest(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of the nearest centroid of each point, ties to the lower, and the squared distance to it."""
    owner, distance = np.empty(len(points), np.int64), np.empty(len(points), np.float32)
    for part, scores in _scored(points, centroids):
        owner[part] = scores.argmin(axis=1)
        distance[part] = scores[np.arange(len(scores)), owner[part]]
    return owner, _squared(points, distance)


def detours(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `nearest` returns, and how much farther in squared distance the second nearest centroid is."""
    owner = np.empty(len(points), np.int64)
    distance, detour = np.empty(len(points), np.float32), np.empty(len(points), np.float32)
    for part, scores in _scored(points, centroids):
        rows = np.arange(len(scores))
        owner[part] = scores.argmin(axis=1)
        distance[part] = scores[rows, owner[part]]
        scores[rows, owner[part]] = np.inf
        detour[part] = 2 * (scores.min(axis=1) - distance[part])
    return owner, _squared(points, distance), detour


def _squared(points: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Squared distances from the scores that `_scored` gives for one centroid per point."""
    return np.maximum(2 * half + np.einsum("ij,ij->i", points, points), 0.0)


def _scored(points: np.ndarray, centroids: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Blocks of half the squared distances, without |x|², which is the same for every centroid."""
    half = (centroids**2).sum(axis=1) / 2
    turned = np.ascontiguousarray(-centroids.T)
    for start in range(0, len(points), BLOCK):
        part = slice(start, start + BLOCK)
        scores = points[part] @ turned
        scores += half
        yield part, scores


def _moved(points: np.ndarray, centroids: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Move that many least missed centroids halfway between the centroid of a widest cluster and one of its points."""
    owner, distance, detour = detours(points, centroids)
    loss = np.bincount(owner, weights=detour, minlength=len(centroids))
    spread = np.bincount(owner, weights=distance, minlength=len(centroids))
    gone, wide = (np.argsort(cost, kind="stable")[:number] for cost in (loss, -spread))
    moved = centroids.copy()
    for target, cluster in zip(gone, wide, strict=True):
        members = np.flatnonzero(owner == cluster)
        if len(members):
            moved[target] = (points[random.choice(members)] + centroids[cluster]) / 2
    return moved


def _seeds(points: np.ndarray, k: int, random: np.random.Generator) -> np.ndarray:
    """k of the points, each drawn the likelier, the farther from earlier ones: k-means++, in parts."""
    chosen = random.integers(len(points), size=1)
    distance = nearest(points, points[chosen])[1]
    while len(chosen) < k:
        # few at a time at first, since one seed changes all distances; then k / ROUNDS
        wanted = min(k - len(chosen), max(1, min(len(chosen), k // ROUNDS)))
        likely = distance.astype(np.float64)
        likely[chosen] = 0.0
        if np.count_nonzero(likely) < wanted:  # almost all are copies of each other
            likely = np.ones(len(points))
            likely[chosen] = 0.0
        added = random.choice(len(points), wanted, replace=False, p=likely / likely.sum())
        distance = np.minimum(distance, nearest(points, points[added])[1])
        chosen = np.concatenate([chosen, added])
    return points[chosen]
