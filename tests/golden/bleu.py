"""Makes bleu.json: corpus BLEU by its formula, naively, with exact fractions. Run with `python3 tests/golden/bleu.py`."""

import json
import math
import random
from fractions import Fraction
from pathlib import Path

random.seed(3)
SMOOTHINGS = {
    "none": lambda order, matches, total, zeros: Fraction(matches, total),
    "addOne": lambda order, matches, total, zeros: Fraction(matches + (order > 1), total + (order > 1)),
    "exponential": lambda order, matches, total, zeros: Fraction(matches, total) if matches else Fraction(1, 2**zeros * total),
    "epsilon": lambda order, matches, total, zeros: Fraction(matches, total) if matches else Fraction(1, 10 * total),
}


def occurrences(part, tokens):
    return sum(tokens[i:i + len(part)] == part for i in range(len(tokens)))


def bleu(references, candidates, orders, smoothing):
    product, zeros = 1.0, 0
    for order in range(1, orders + 1):
        matches = total = 0
        for given, candidate in zip(references, candidates):
            parts = [candidate[i:i + order] for i in range(len(candidate) - order + 1)]
            total += len(parts)
            for part in {tuple(p) for p in parts}:
                part = list(part)
                matches += min(occurrences(part, candidate), max(occurrences(part, r) for r in given))
        zeros += matches == 0
        product *= float(SMOOTHINGS[smoothing](order, matches, total, zeros)) ** (1 / orders)
    length = sum(map(len, candidates))
    nearest = sum(min((abs(len(r) - len(c)), len(r)) for r in given)[1] for given, c in zip(references, candidates))
    return product * min(1.0, math.exp(1 - nearest / length))


rows = []
for words, longest in [(3, 12), (6, 9), (40, 8)]:
    sentence = lambda: [random.randrange(words) for _ in range(random.randint(4, longest))]
    references = [[sentence() for _ in range(random.randint(1, 3))] for _ in range(5)]
    candidates = [sentence() for _ in range(5)]
    for smoothing in SMOOTHINGS:
        for orders in [2, 4]:
            rows.append({"references": references, "candidates": candidates, "maxOrder": orders, "smoothing": smoothing,
                         "bleu": bleu(references, candidates, orders, smoothing)})
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(rows, separators=(",", ":")) + "\n")
print(f"{path.name}: {len(rows)} rows, {path.stat().st_size} bytes", [round(r["bleu"], 3) for r in rows])
