"""GPTQ (Frantar et al., arXiv 2210.17323) in numpy, as the paper has it: the oracle of `src/convert/feedback`.

    python -m reference.feedback.gptq

writes `reference/fixtures/feedback.json`. Within groups of at most 256 columns, the
Hessian is Xᵀ X, damped; between them, where there are several, its Nyström approximation from 64 random directions; per block of 32 a
scale (half precision) and, in one of the two formats, a zero point, searched on the weights as they are by then, a
column's error weighted by 1 / U[j, j]**2.
"""

import base64
import json
from pathlib import Path

import numpy as np

MOST, DIRECTIONS, BLOCK, TOP, MIDDLE, DAMPING, SEED = 256, 64, 32, 15, 8, 0.01, 20261129
SYMMETRIC = [-0.6, -0.2, 0.2, 0.6, 1, 1.4]
ASYMMETRIC = [1.04, 0.98, 0.93, 0.88, 0.83, 0.77]


def levels(w, scale, zero):
    return np.clip(np.round(w / scale) if scale else 0 * w, -zero, TOP - zero)


def fit(w, importance, trials):
    """The scale that explains most, of those that fit the codes which the trials give."""
    best, gain = (0.0, MIDDLE), 0.0
    for scale, zero in trials:
        q = levels(w, scale, zero)
        dot, square = (importance * w * q).sum(), (importance * q * q).sum()
        if square > 0 and dot * dot / square > gain:
            best, gain = (dot / square, zero), dot * dot / square
    return best


def search(w, importance, zero_points):
    least, most = min(w.min(), 0), max(w.max(), 0)
    if least == most:
        return 0.0, MIDDLE
    extreme = least if -least > most else most
    fits = [fit(w, importance, [(-extreme / (MIDDLE + t), MIDDLE) for t in SYMMETRIC])]
    if zero_points:
        spans = [t * (most - least) / TOP for t in ASYMMETRIC]
        centre = (most + least) / 2
        zeros = [min(TOP, max(0, int(np.floor(TOP / 2 - centre / span + 0.5)))) for span in spans]
        fits.append(fit(w, importance, list(zip(spans, zeros))))
    best, least_error = (0.0, MIDDLE), np.inf
    for scale, zero in fits:
        half = np.float16(scale)
        beyond = np.nextafter(half, np.float16(np.sign(scale) * np.inf if abs(half) < abs(scale) else 0))
        for stored in [half] if float(half) == scale else [half, beyond]:
            difference = w - float(stored) * levels(w, float(stored), zero)
            error = (importance * difference * difference).sum()
            if error < least_error:
                best, least_error = (float(stored), zero), error
    return best


def signs(columns):
    """Random ones, by Mulberry32. // [columns, 64]"""
    state, out, mask = SEED, np.empty(columns * DIRECTIONS), 0xFFFFFFFF
    for i in range(len(out)):
        state = (state + 0x6D2B79F5) & mask
        mixed = ((state ^ state >> 15) * (state | 1)) & mask
        mixed ^= (mixed + ((mixed ^ mixed >> 7) * (mixed | 61) & mask)) & mask
        out[i] = -1 if ((mixed ^ mixed >> 14) + 0.5) / 2**32 < 0.5 else 1
    return out.reshape(columns, DIRECTIONS)


def hessian_of(x):
    """Of whole rows, as far as it is measured. // [tokens, columns] → [columns, columns]"""
    columns = x.shape[1]
    width, exact, s = group_width(columns), x.T @ x, signs(columns)
    out = np.zeros_like(exact)
    if width < columns:
        sketch = (exact @ s).astype(np.float32).astype(np.float64)
        small = s.T @ sketch
        small = (small + small.T) / 2
        small += 1e-6 * np.mean(np.diag(small)) * np.eye(DIRECTIONS)
        out = sketch @ np.linalg.solve(small, sketch.T)
    for first in range(0, columns, width):
        group = slice(first, first + width)
        within = exact[group, group].astype(np.float32).astype(np.float64)
        out[group, group] = within + DAMPING * np.mean(np.diag(within)) * np.eye(len(within))
    return out


def gptq_row(w, damped, zero_points):
    """One row. Codes, scales, zero points, what they stand for. // [n], [n, n]"""
    n = len(w)
    upper = np.linalg.cholesky(np.linalg.inv(damped)).T
    w, codes, scales, zeros, rounded = w.copy(), [], [], [], np.zeros(n)
    importance = 1 / np.diag(upper) ** 2
    for j in range(n):
        if j % BLOCK == 0:
            end = min(j + BLOCK, n)
            scale, zero = search(w[j:end], importance[j:end], zero_points)
            scales.append(scale)
            zeros.append(zero)
        q = levels(w[j : j + 1], scale, zero)[0]
        codes.append(int(q + zero))
        rounded[j] = scale * q
        w[j:] -= (w[j] - scale * q) / upper[j, j] * upper[j, j:]
    return codes, scales, zeros, rounded


def plain_row(w, zero_points):
    rounded = np.zeros(len(w))
    for first in range(0, len(w), BLOCK):
        block = slice(first, min(first + BLOCK, len(w)))
        scale, zero = search(w[block], np.ones(len(w[block])), zero_points)
        rounded[block] = scale * levels(w[block], scale, zero)
    return rounded


def group_width(columns):
    """As few groups as possible, of similar size, in whole blocks."""
    groups = -(-columns // MOST)
    return -(-columns // (groups * BLOCK)) * BLOCK


def float32(values):
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()


def case(seed, rows, columns, tokens, zero_points):
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(columns, columns)) / np.sqrt(columns) + np.eye(columns)
    x = (random.normal(size=(tokens, columns)) @ mixing * np.exp(random.normal(size=columns) * 0.5))
    steps = np.clip(np.round(x * 16), -127, 127).astype(np.int8)
    x = steps / 16
    w = (random.normal(size=(rows, columns)) * 0.05 + 0.01).astype(np.float32)
    hessian = hessian_of(x)
    out = {"codes": [], "scales": [], "zeros": [], "fed": 0.0, "plain": 0.0}
    for row in w.astype(np.float64):
        *stored, rounded = gptq_row(row, hessian, zero_points)
        for key, values in zip(("codes", "scales", "zeros"), stored):
            out[key].append(values)
        for key, left in (("fed", row - rounded), ("plain", row - plain_row(row, zero_points))):
            out[key] += float(left @ hessian @ left)
    stored = {"weights": float32(w), "inputs": base64.b64encode(steps.tobytes()).decode()}
    return {"rows": rows, "columns": columns, "width": group_width(columns), "zeroPoints": zero_points, **stored, **out}


if __name__ == "__main__":
    cases = [case(1, 5, 160, 80, False), case(2, 4, 544, 120, True), case(4, 3, 1100, 100, False), case(3, 3, 100, 60, True)]
    path = Path(__file__).parent.parent / "fixtures" / "feedback.json"
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    for each in cases:
        print(each["rows"], each["columns"], each["zeroPoints"], "fed / plain", each["fed"] / each["plain"])
