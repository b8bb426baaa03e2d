"""What scipy says of a few hundred seeded cases, for test/verdict/statistics/scipy.test.ts.

python3 test/verdict/statistics/scipy_vectors.py > test/verdict/statistics/scipy-vectors.json
npx biome format --write test/verdict/statistics/scipy-vectors.json

Cases are drawn with Python's own generator, whose stream is promised not to change. scipy 1.10 and 1.17 agree.
"""

import itertools
import json
import random
import sys

import numpy as np
from scipy import stats

SEED = 5
draw = random.Random(SEED)


def walsh_median(differences, axis=-1):
    """Hodges-Lehmann by its definition, along the last axis."""
    first, second = np.triu_indices(differences.shape[-1])
    return np.median((differences[..., first] + differences[..., second]) / 2, axis=axis)


def untied(count):
    """scipy's exact distribution holds without ties and zeros only: draw until there are none."""
    while True:
        centre, spread = draw.choice([0, 0.02, 0.05]), draw.choice([0.005, 0.02, 0.1])
        differences = [round(draw.gauss(centre, spread), 5) for _ in range(count)]
        margin = draw.choice([0, 0.03, -0.01])
        sizes = np.abs(np.array(differences) - margin)
        if len(set(sizes)) == count and np.all(sizes > 0):
            return differences, margin


def signed_rank_case(count):
    differences, margin = untied(count)
    shifted = np.array(differences) - margin
    p = stats.wilcoxon(shifted, alternative="greater", method="exact").pvalue
    return {"differences": differences, "margin": margin, "p": float(p), "hodgesLehmann": estimate(differences)}


def estimate(differences):
    return float(walsh_median(np.array(differences)))


def tied_case(count):
    """Ties and zeros: every assignment of signs, by scipy's permutation test. Sixteenths, so that floats tie too."""
    differences = [draw.randint(-6, 10) / 16 for _ in range(count)]
    margin = draw.randint(-2, 3) / 16
    shifted = np.array(differences) - margin
    shifted = shifted[shifted != 0]
    if len(shifted) < 2:
        return tied_case(count)
    ranks = lambda x, axis: np.sum(stats.rankdata(np.abs(x), axis=axis) * (x > 0), axis=axis)
    test = stats.permutation_test(
        (shifted,),
        ranks,
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
        vectorized=True,
    )
    return {
        "differences": differences,
        "margin": margin,
        "p": float(test.pvalue),
        "hodgesLehmann": estimate(differences),
    }


def clopper_pearson_case():
    trials = draw.choice([1, 5, 20, 29, 200, 1000, 20000])
    successes = draw.choice([0, trials, draw.randint(0, trials), draw.randint(0, max(1, trials // 50))])
    confidence = draw.choice([0.8, 0.95, 0.99])
    interval = lambda side, level: stats.binomtest(successes, trials, alternative=side).proportion_ci(level, "exact")
    both = interval("two-sided", confidence)
    return {
        "successes": successes,
        "trials": trials,
        "confidence": confidence,
        "low": float(both.low),
        "high": float(both.high),
        "upperBound": float(interval("less", confidence).high),
    }


def holm_case(count):
    """By the closure principle: a hypothesis goes when Bonferroni rejects every intersection it is part of."""
    raw = [round(draw.random() ** draw.choice([1, 3, 6]), 6) for _ in range(count)]
    if count > 2:
        raw[1] = raw[0]
    subsets = [s for size in range(1, count + 1) for s in itertools.combinations(range(count), size)]
    level = lambda subset: min(1.0, len(subset) * min(raw[i] for i in subset))
    return {"raw": raw, "adjusted": [max(level(s) for s in subsets if i in s) for i in range(count)]}


def bootstrap_case(count):
    differences = [round(draw.gauss(0.02, 0.03), 5) for _ in range(count)]
    interval = stats.bootstrap(
        (np.array(differences),),
        walsh_median,
        n_resamples=10_000,
        vectorized=True,
        method="percentile",
        random_state=np.random.default_rng(SEED),
    ).confidence_interval
    return {"differences": differences, "low": float(interval.low), "high": float(interval.high)}


def rounded(value):
    """Twelve digits: what versions of scipy agree on."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


vectors = {
    "signedRank": [signed_rank_case(count) for count in [*range(1, 41), *range(4, 24), 50, 60]],
    "tied": [tied_case(3 + k % 9) for k in range(60)],
    "clopperPearson": [clopper_pearson_case() for _ in range(80)],
    "holm": [holm_case(1 + k % 8) for k in range(60)],
    "bootstrap": [bootstrap_case(count) for count in (10, 20, 30)],
}
json.dump(rounded(vectors), sys.stdout, separators=(",", ":"))
