"""What a certificate proves, computed again in floats and by other means: grids, eigenvalues, sums."""

from functools import cache, partial
from itertools import permutations

import numpy as np
from scipy.special import eval_chebyt, eval_gegenbauer

import geomsup as gs


def number(text):
    """The float nearest to the text of a number."""
    parts = text.replace(" - ", " + -").split(" + ")
    value = 0.0
    for part in parts:
        rational, _, root = part.partition("*sqrt(")
        numerator, _, denominator = rational.partition("/")
        value += int(numerator) / int(denominator or 1) * (np.sqrt(int(root[:-1])) if root else 1.0)
    return value


def numbers(data):
    return [numbers(item) if isinstance(item, list) else number(item) for item in data]


def polynomial(m, c, t):
    """Σ c_k P_k(t)."""
    if m <= 2:
        return sum(x * eval_chebyt(k, t) for k, x in enumerate(c))
    a = m / 2 - 1
    return sum(x * eval_gegenbauer(k, a, t) / eval_gegenbauer(k, a, 1.0) for k, x in enumerate(c))


def potential(description, t):
    """f(t)."""
    name = description["name"]
    if name == "relu_squared":
        return np.maximum(t, 0) ** 2
    if name == "frame":
        return t**2
    if name == "biased_relu":
        a, b = number(description["norm_squared"]), number(description["bias"])
        if a <= 0 or b > 0:
            return np.full_like(t, -np.inf)  # not a potential of this kind: nothing is proved
        z = np.maximum(a * t + b, 0)
        return np.where(z > 0, z**3 / (3 * a * np.where(z > 0, t, 1)), 0)
    if name == "riesz":
        with np.errstate(divide="ignore"):
            return (2 - 2 * t) ** (-number(description["s"]) / 2)
    breaks, pieces = numbers(description["breaks"]), [numbers(piece) for piece in description["coefficients"]]
    if breaks[0] != -1 or breaks[-1] != 1 or any(np.diff(breaks) <= 0):
        return np.full_like(t, -np.inf)
    sides = [np.clip(np.searchsorted(breaks, t, side=side) - 1, 0, len(pieces) - 1) for side in ("left", "right")]
    values = [np.polynomial.polynomial.polyval(t, piece) for piece in pieces]
    return np.minimum(*(np.choose(k, values) for k in sides))


def margin(certificate):
    """Positive if the numbers prove the claim with this much to spare, negative if they miss it by as much.

    The smallest of: coefficients that have to be ≥ 0, what has to lie above a polynomial minus the polynomial, smallest
    eigenvalues, and the value proved minus the value claimed.
    """
    claim, proof = certificate.claim, certificate.proof
    kind = certificate.kind
    return {
        "two-point": two_point,
        "bias-free loss": two_point,
        "linear": linear,
        "variance": variance,
        "measure": measure,
        "uniform class": uniform,
        "marked two-point": marked,
        "least loss": least,
        "density": density,
        "coherence": coherence,
        "three-point": three_point,
    }[kind](claim, proof)


def below(m, c, f, low=-1.0, high=1.0):
    t = low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, 20001))) / 2 if m > 1 else np.array([-1.0, 1.0])
    values = f(t)
    return float(np.min(np.where(np.isinf(values) & (values > 0), 1.0, values - polynomial(m, c, t))))


def two_point(claim, proof):
    m, c, value = claim["m"], numbers(proof["coefficients"]), number(claim["value"])
    description = claim.get("potential", {"name": "relu_squared"})
    found = [below(m, c, lambda t: potential(description, t)), *c[1:]]
    if claim["quantity"] == "energy":
        n = claim["n"]
        found.append(n * n * c[0] - n * sum(c) - value)
    elif claim["quantity"] == "capacity":
        found.append(min(c[0], value, value - 1 / c[0] if c[0] > 0 else -1))
    else:
        importance, alone = numbers(claim["importance"]), numbers(claim["alone"])
        found += [*importance, *alone, c[0], layers(importance, alone, 1 / c[0]) - value if c[0] > 0 else -1]
    return min(found)


def coherence(claim, proof):
    n, m, square, value = claim["n"], claim["m"], number(proof["square"]), number(claim["value"])
    found = [square, 1 - square, square - value**2 if value > 0 else 1.0]
    if "coefficients" not in proof:
        return min(*found, n - m * (m + 1) / 2, 1 / m - square)
    f = np.zeros(2 * len(proof["coefficients"]) - 1)
    f[::2] = numbers(proof["coefficients"])
    root = np.sqrt(max(square, 0.0))
    return min(*found, *f[2:], n * f[0] - f.sum(), below(m, f, np.zeros_like, -root, root) if m > 1 else -1.0)


def layers(importance, alone, capacity):
    """The double integral over both levels, on the rectangles between consecutive values."""
    s, t = np.unique([0.0, *importance]), np.unique([0.0, *alone])
    total = 0.0
    for k in range(len(s) - 1):
        for j in range(len(t) - 1):
            inside = sum(i > s[k] and a > t[j] for i, a in zip(importance, alone, strict=True))
            total += max(inside - capacity, 0) * (s[k + 1] - s[k]) * (t[j + 1] - t[j])
    return total


def linear(claim, proof):
    tau, value = number(proof["threshold"]), number(claim["value"])
    found, total = [tau], -claim["m"] * tau
    for block, excess in zip(claim["blocks"], proof["excess"], strict=True):
        importance, S = np.array(numbers(block["importance"])), np.array(numbers(block["covariance"]))
        Y = np.array(numbers(excess))
        if (S != S.T).any() or (Y != Y.T).any() or (importance <= 0).any():
            return -1.0
        found += [np.linalg.eigvalsh(Y).min(), np.linalg.eigvalsh(tau * np.diag(1 / importance) + Y - S).min()]
        total += float(importance @ np.diag(S - Y))
    return min([*found, total - value])


def variance(claim, proof):
    importance, variances = np.array(numbers(claim["importance"])), np.array(numbers(claim["variances"]))
    kept = claim.get("m", 0)
    losses = np.sort(importance * variances)
    found = losses[: max(0, losses.size - kept)].sum() - number(claim["value"])
    return float(min(found, importance.min(), variances.min()))


def measure(claim, proof):
    if "directions" in proof:
        W = np.array(numbers(proof["directions"]))
        gram, surplus = W.T @ W, 0.0
    else:
        values = numbers(proof["values"])
        gram = np.array([[values[int(digit)] for digit in row] for row in proof["rows"]])
        eigenvalues = np.linalg.eigvalsh(gram)
        # Not a distance to anything that may be missed: singular is asked for, and any surplus rank is a failure.
        surplus = min(eigenvalues.min(), -np.abs(eigenvalues[: -claim["m"]]).max())
        surplus = 0.0 if abs(surplus) < 1e-12 else surplus
    worth = np.trace(gram) ** 2 / np.sum(np.maximum(gram, 0) ** 2)
    return min(float(worth - number(claim["value"])), surplus)


def gegenbauer(m, k, t):
    return eval_chebyt(k, t) if m <= 2 else eval_gegenbauer(k, m / 2 - 1, t) / eval_gegenbauer(k, m / 2 - 1, 1.0)


def kernel_of_triples(m, factors, x, y, z):
    """T at unit vectors, from the components orthogonal to the first of three, with each of them as the first."""
    total = 0.0
    for one, two, three in ((x, y, z), (y, x, z), (z, x, y)):
        u, v, t = (np.sum(a * b, axis=0) for a, b in ((one, two), (one, three), (two, three)))
        height = np.sqrt(np.maximum(1 - u * u, 0) * np.maximum(1 - v * v, 0))
        cosine = np.clip((t - u * v) / np.where(height > 0, height, 1.0), -1, 1)
        for k, rows in enumerate(factors):
            Q = height**k * gegenbauer(m - 1, k, cosine)
            for row in rows:
                a, b = (sum(c * gegenbauer(m + 2 * k, i, w) for i, c in enumerate(row)) for w in (u, v))
                total = total + a * b * Q / 3
    return total


def three_point(claim, proof):
    m, c, value = claim["m"], number(proof["constant"]), number(claim["value"])
    matrices = [np.array(numbers(F)).reshape(len(F), len(F)) for F in proof.get("matrices", [])]
    if any(F.shape != F.T.shape or (F != F.T).any() for F in matrices):
        return -1.0
    spectra = [np.linalg.eigh(F) if F.size else (np.zeros(1), np.zeros((1, 1))) for F in matrices]
    factors = [(np.sqrt(np.maximum(values, 0)) * vectors).T for values, vectors in spectra]
    factors = factors or [numbers(rows) for rows in proof["factors"]]
    x, y, z = np.random.default_rng(0).normal(size=(3, 3, 200_000))
    y[:, ::2] = x[:, ::2] * 3 + y[:, ::2]  # close pairs
    z[:, ::3] = x[:, ::3] - y[:, ::3] * np.linspace(-3, 3, z[:, ::3].shape[1])  # in one plane
    x, y, z = (w / np.linalg.norm(w, axis=0) for w in (x, y, z))
    f = partial(potential, claim.get("potential", {"name": "relu_squared"}))
    cosines = [np.sum(a * b, axis=0) for a, b in ((x, y), (x, z), (y, z))]
    squares, weights = ([0.0, *numbers(proof.get(name, []))] for name in ("pairs", "weights"))
    # A matrix may be singular, and its least eigenvalue is then 0 up to rounding: measured, 1e-15 of the largest.
    least = [values[0] if values[0] < -1e-12 * values[-1] else 0.0 for values, _ in spectra]
    signs = min(*squares, *weights, *least)
    T = kernel_of_triples(m, factors, x, y, z) + np.mean([polynomial(m, squares, t) for t in cosines], axis=0)
    T = T + at_minimisers(m, proof, f, weights, cosines)
    if claim["quantity"] == "capacity" or "pieces" not in proof:
        above = np.mean([f(t) for t in cosines], axis=0) - c
        signs = min(signs, number(proof.get("reference", proof["constant"])) - c)
        if claim["quantity"] == "energy":
            n = claim["n"]
            return min(float(np.min(above - T)), n * n * c - n * float(f(np.ones(1))[0]) - value, signs)
        return min(float(np.min(above - T)), value - 1 / c if c > 0 and value > 0 else -1, signs)
    n, pieces = claim["n"], [numbers(piece) for piece in proof["pieces"]]
    p = [np.polynomial.Chebyshev(piece) for piece in pieces]

    def one(t):
        return p[0](t) if len(p) == 1 else np.where(t < 0, p[0](t), p[1](t))

    t = np.linspace(-1, 1, 20001)
    e, g = np.array([[1.0], [0.0]]) * np.ones(t.size), np.array([t, np.sqrt(1 - t * t)])
    coincide = kernel_of_triples(m, factors, e, g, g) + (2 * polynomial(m, squares, t) + sum(squares)) / 3
    coincide = coincide + at_minimisers(m, proof, f, weights, [t, t, np.ones_like(t)])
    pairs = f(t) - 3 * coincide - (n - 2) * one(t) - c
    diagonal = float(kernel_of_triples(m, factors, *[e[:, :1]] * 3)[0]) + sum(squares)
    found = n * (n - 1) * c - n * diagonal - value
    return min(float(np.min(np.mean([one(s) for s in cosines], axis=0) - T)), float(np.min(pairs)), found, signs)


def at_minimisers(m, proof, f, weights, cosines):
    """The mean of q(v) f'(u) (t − uv) − s(v) (f(u) − c₀) over the orders of u, v, t; f' by differences."""
    total, h = np.zeros_like(cosines[0]), 1e-6
    for u, v, t in permutations(cosines):
        if "stationary" in proof:
            q = [np.polynomial.Chebyshev(one) for one in numbers(proof["stationary"])]
            slope = (f(u + h) - f(u - h)) / (2 * h)
            total += (q[0](v) if len(q) == 1 else np.where(v < 0, q[0](v), q[1](v))) * slope * (t - u * v) / 6
        if "weights" in proof:
            total -= polynomial(m, weights, v) * (f(u) - number(proof["reference"])) / 6
    return total


def polarized(low, high, j, t):
    return (t - low) ** (3 - j) * (t - high) ** j / t


def uniform(claim, proof):
    n, m, V = claim["n"], claim["m"], 3 * number(claim["value"]) / claim["n"]
    breaks = numbers(proof["breaks"])
    if breaks[0] != 0 or breaks[-1] > 1 or any(np.diff(breaks) <= 0) or V < 0:
        return -1.0
    found = [4 * (1 - V) - (1 - breaks[-1]) * (2 + breaks[-1]) ** 2]
    s = np.linspace(0, 1, 101)
    for low, high, window in zip(breaks, breaks[1:], proof["coefficients"], strict=False):
        q = 0.0
        for j, (c, binomial) in enumerate(zip(map(numbers, window), (1, 3, 3, 1), strict=True)):
            e = n * c[0] - sum(c)
            q = q + binomial * s**j * (1 - s) ** (3 - j) * ((1 - low) ** (3 - j) * (1 - high) ** j + e)
            found += [*c[1:], below(m, c, np.zeros_like, -1.0, high)]
            found.append(below(m, c, partial(polarized, low, high, j), high, 1.0))
        tau = low + (high - low) * s
        found.append(float(np.min(4 * (1 - V) * q - ((1 - tau) ** 2 * (2 + tau)) ** 2)))
    return min(found)


def pair_room(proof, m, rho, e, f, t):
    """Left minus right side of the inequality of pairs."""
    F, q = np.array(numbers(proof["kernel"])), np.array(numbers(proof["alone"]))
    rows = F.shape[1] - proof.get("loud", 0)
    F = F[:, :rows, :rows]
    marks, others = (np.array([x**k for k in range(rows)]) for x in (e, f))
    K = sum(polynomial(m, np.eye(len(F))[k], t) * np.einsum("ax,ab,bx->x", marks, F[k], others) for k in range(len(F)))
    alone = e**3 * np.polynomial.polynomial.polyval(e, q) + rho**4 * f**3 * np.polynomial.polynomial.polyval(f, q)
    kappa = [
        np.where(z > y, (z - y) ** 3 / np.where(z > y, z, 1), 0) for z, y in ((rho * t, 1 - e), (t, rho * (1 - f)))
    ]
    return kappa[0] + rho**2 * kappa[1] + alone - (rho * e * f) ** 2 * K


def marks_of(k, rows, loud, r, b):
    """What a feature of norm r and bias b brings into the k-th part of the kernel, from r and b themselves."""
    square, total = r**2, r**2 + np.maximum(b, 0)
    e = 1 + np.minimum(b, 0) / np.where(r > 0, square, 1)
    first = total if k == 0 else r * np.sqrt(total) if k % 2 else square
    of_silent = [np.where(b > 0, 0, square * e ** (2 + a)) for a in range(rows)]
    return np.array(of_silent + [np.where(b > 0, first * (square / total) ** a, 0) for a in range(loud)])


def free_room(proof, n, m, r, b, s, c, t):
    """Left minus right side of the inequality of pairs of features with norms r, s and biases b, c of any sign."""
    F, q, loud = np.array(numbers(proof["kernel"])), np.array(numbers(proof["alone"])), proof["loud"]

    def kernel(one, other, t):
        rows, total = F.shape[1] - loud, 0.0
        for k, matrix in enumerate(F):
            x, y = marks_of(k, rows, loud, *one), marks_of(k, rows, loud, *other)
            total = total + gegenbauer(m, k, t) * np.einsum("ax,ab,bx->x", x, matrix, y)
        return total

    def own(r, b):
        e = 1 + np.minimum(b, 0) / r**2
        self_term = r**4 + 3 * r**2 * b + 3 * b**2
        loud = (self_term - kernel((r, b), (r, b), np.ones_like(r)) / 2) / (n - 1)
        return np.where(b > 0, loud, r**4 * e**3 * np.polynomial.polynomial.polyval(e, q))

    def response(g, b):
        """3E(gu + b)₊² by Simpson's rule on the part where it is positive."""
        root = np.clip(-b / np.where(g == 0, 1, g), 0, 1)
        low, high = np.where((g > 0) & (b < 0), root, 0), np.where((g < 0) & (b > 0), root, 1)
        nodes = [low, (low + high) / 2, high]
        values = [np.maximum(g * u + b, 0) ** 2 for u in nodes]
        return (high - low) / 2 * (values[0] + 4 * values[1] + values[2])

    shared = r * s * t
    return own(r, b) + own(s, c) + response(shared, b) + response(shared, c) - kernel((r, b), (s, c), t)


@cache
def free_points(m):
    """Random pairs of norms and biases, the second bias positive, the larger feature of size 1."""
    rng = np.random.default_rng([m, 1])
    size = rng.uniform(size=(2, 300_000))
    size[rng.integers(2, size=300_000), np.arange(300_000)] = 1
    x, y = rng.uniform(0.001, 1, size=(2, 300_000))
    positive = rng.uniform(size=300_000) < 0.3
    r = size[0] * np.where(positive, x, 1)
    b = size[0] ** 2 * np.where(positive, 1 - x**2, x - 1)
    return r, b, size[1] * y, size[1] ** 2 * (1 - y**2), rng.uniform(-1, 1, size=300_000)


@cache
def marked_points(m):
    """Random points, more of them where like features meet."""
    X = np.random.default_rng(m).uniform(size=(4, 400_000))
    X[3] = 2 * X[3] - 1
    X[0, :100_000] = 1
    X[2, :200_000] = X[1, :200_000]
    return X


def own_error(g, c, b):
    """E(u − (gu + cu' + b)₊)² by fourth differences, which need g and c of some size."""
    F = [(sign, np.maximum(x, 0)) for sign, x in ((1, g + c + b), (-1, g + b), (-1, c + b), (1, b))]
    square = sum(sign * x**4 for sign, x in F) / (12 * g * c)
    product = ((F[0][1] ** 3 - F[1][1] ** 3) / (3 * g * c) - square / g) / 2
    return 1 / 3 - 2 * product + square


def density_parts(proof):
    kernels = [[np.array(numbers(matrix)) for matrix in proof[key]] for key in ("even", "odd")]
    return *kernels, [np.array(row) for row in numbers(proof["alone"])]


def density_kernel(m, even, odd, R, e, S, f, t):
    """P, from marks that are written out."""
    P = [gegenbauer(m, k, t) for k in range(max(len(even), len(odd)))]
    total = 0.0
    for k, F in enumerate(even):
        one, two = ([x * y**a for a in range(len(even[0]) - 1)] for x, y in ((R, e), (S, f)))
        if k == 0:
            one, two = [np.ones_like(R), *one], [np.ones_like(S), *two]
        total = total + P[k] * np.einsum("ax,ab,bx->x", np.array(one), F, np.array(two))
    for k, H in enumerate(odd):
        one, two = (np.array([np.sqrt(x) * y**a for a in range(len(H))]) for x, y in ((R, e), (S, f)))
        total = total + P[k] * np.einsum("ax,ab,bx->x", one, H, two)
    return total


def density_single(s, R, e):
    return sum(R**k * np.polynomial.polynomial.polyval(e, row) for k, row in enumerate(s))


def third_error(d, step=1e-4):
    """E (cu + c'u' + b)₊² at (1, 1, −d) by fourth differences, and its derivatives by c and b by differences."""

    def V(c, b):
        return sum(k * np.maximum(x, 0) ** 4 for k, x in ((1, 2 * c + b), (-2, c + b), (1, b))) / (12 * c**2)

    both, by_b = (V(1 + step, -d) - V(1 - step, -d)) / (2 * step), (V(1, step - d) - V(1, -step - d)) / (2 * step)
    return V(1, -d), both / 2, by_b


def third_terms(proof, alpha):
    """Functions of (c, R, e): what a pair has of one output's third terms, and what one feature pays for them."""
    if "third" not in proof:
        return lambda c, R, e: 0.0, lambda R, e: 0.0
    d, level = numbers(proof["third"])
    V, by_c, by_b = third_error(d)
    weight, beta = alpha * by_c**2 / V / 2, by_b / (2 * by_c)

    def pair(c, R, e):
        Y = np.maximum(c - beta * (1 - e) * R, 0)
        return weight * Y * (2 * level * e**2 * R - Y)

    return pair, lambda R, e: weight * (level * e**2 * R) ** 2


def own_error_of_three(g, c, other, b):
    """E(u − (gu + cu' + c'u'' + b)₊)², the last average by Gauss's rule: its error is 1e-4 where there are kinks."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    places = zip((nodes + 1) / 2, weights / 2, strict=True)
    return sum(weight * own_error(g, c, b + other * place) for place, weight in places)


def own_terms(claim, proof):
    """Functions of (c, R, e): h, what it is at most with the product, y, and what a pair has of one output."""
    p = number(claim["feature_probability"])
    square = (p / (1 - p)) ** 2
    left, right, (kappa, theta), caps = map(numbers, proof.get("own", [["0"] * 6, ["0"] * 6, ["0", "0"], ["0", "0"]]))

    def h(c, R, e):
        z, size = np.abs(c) / R, R * e
        sides = [
            size**2 * sum(a * z ** (k + 1) for k, a in enumerate(side[:4]))
            + size * sum(a * z ** (k + 1) for k, a in enumerate(side[4:]))
            for side in (left, right)
        ]
        return np.where(c < 0, *sides)

    def y(c, e):
        return e * np.maximum(c, 0)

    def pair(c, R, e):
        return square * ((claim["n"] - 2) * h(c, R, e) + kappa * (theta * y(c, e) - y(c, e) ** 2 / 2))

    return h, y, pair, square, kappa, theta, caps


def density_pairs(claim, proof, rho, e, f, t):
    """The coefficients of 1, R, R² in B + B' + α(D + D') + third terms − s − s' − P, by interpolation."""
    even, odd, s = density_parts(proof)
    p = number(claim["feature_probability"])
    third, _ = third_terms(proof, p / (1 - p))
    _, _, own, *_ = own_terms(claim, proof)
    values = []
    for scale in (0.5, 1.0, 2.0):
        R, S, c = scale * np.ones_like(rho), scale * rho**2, scale * rho * t
        total = -density_kernel(claim["m"], even, odd, R, e, S, f, t)
        for g, x in ((R, e), (S, f)):
            total = total - density_single(s, g, x) + third(c, g, x) + own(c, g, x)
            bias = -(1 - x) * g
            above = np.maximum(c + bias, 0)
            total = total + above**3 / np.where(above > 0, 3 * c, 1) + p / (1 - p) * own_error(g, c, bias)
        values.append(total)
    return np.linalg.solve(np.vander([0.5, 1.0, 2.0], 3, increasing=True), np.array(values))


def least(claim, proof):
    """The bounds; how far from them the loss of the polygon is, which is all that is looked for here with b ≤ 0.

    And with biases of any sign what a positive one costs, pair by pair, and that this is more than the bound leaves.
    """
    n, h = claim["n"], gs.k_gon(claim["n"]).h
    found = [h / 3 - number(claim["value"]) + 1e-15, number(claim["at_most"]) - h / 3 + 1e-15]
    for part, bias in ((proof, {}), (proof.get("any_sign"), {"bias": "free"})):
        if part is None or (bias and claim.get("bias") != "free"):
            continue
        bound = {"quantity": "one-active loss", "n": n, "m": 2, "value": part["one_active"], **bias}
        found.append(marked(bound, part))
        fewer = part.get("fewer")
        if fewer is not None:
            found.append(marked({**bound, "n": n - 1, "value": fewer["one_active"]}, fewer))
        if bias:
            price, own = number(part["margin"]), h - (0 if fewer is None else 3 * number(fewer["one_active"]))
            r, b, s, c, t = free_points(2)
            found += [1 - own, price, 3 * number(part["one_active"]) + (n - 1) * price * ((1 - own) / 3) ** 2 - h]
            found.append((free_room(part, n, 2, r, b, s, c, t) - price * (s**2 + c) ** 2).min())
    return min(found)


def density(claim, proof):
    n, m, value = claim["n"], claim["m"], number(claim["value"])
    p, importance = number(claim["feature_probability"]), number(claim["importance"])
    threshold, most = number(proof["threshold"]), number(proof["most"])
    if min(p, 1 - p, importance, value, most) < 0:
        return -1.0
    least = value / (importance * p * (1 - p) ** (n - 1) * n)
    even, odd, s = density_parts(proof)
    found = [threshold - least - (n - 1) * most, 1 / 3 - threshold]
    found += [-np.abs(matrix - matrix.T).max() for matrix in (*even, *odd)]
    found += [np.linalg.eigvalsh(matrix)[0] for matrix in (*even, *odd)]
    R, e = (x.ravel() for x in np.meshgrid(np.linspace(0, 4, 400), np.linspace(0.05, 1, 400)))
    h, y, _, square, kappa, theta, caps = own_terms(claim, proof)
    count = (n - 1) * (n - 2) / 2
    excess = (n - 1) * p / (1 - p) + count * square * ("own" in proof)
    price = p / 4 * (np.maximum(1 - R, 0) + excess) ** 2 * (e == 1)
    A = (1 - R * e**2 * (3 - e) + R**2 * e**3) / 3 - price
    single = density_single(s, R, e)
    alone = A - third_terms(proof, p / (1 - p))[1](R, e) + (n - 1) * single - least
    alone -= density_kernel(m, even, odd, R, e, R, e, np.ones_like(R)) / 2
    alone -= square * kappa * theta**2 / 2
    single = single + (n - 2) * square * (caps[0] * (R * e) ** 2 + caps[1] * R * e)
    found += [np.min(np.where(threshold >= A, np.minimum(alone, most - single), np.inf)), kappa, *caps]
    if "own" in proof:
        for side, product in zip(numbers(proof["own"])[:2], (0.0, kappa), strict=True):
            z = np.linspace(0, 20, 2001)
            second = sum(a * z ** (k + 1) for k, a in enumerate(side[:4])) + product * z**2 / 2
            first = sum(a * z ** (k + 1) for k, a in enumerate(side[4:]))
            for value, cap in ((second, caps[0]), (first, caps[1])):
                found.append(np.min(np.where(z >= 2, -cap, cap) - value))
        R, e, A, alone = (x[R > 0.05][::7] for x in (R, e, A, alone))
        rng = np.random.default_rng(0)
        for _ in range(30):
            c, other = R * rng.uniform(0.05, 2, size=(2, R.size)) * rng.choice([-1, 1], size=(2, R.size))
            W = own_error_of_three(R, c, other, -(1 - e) * R)
            w = W - h(c, R, e) - h(other, R, e) - kappa * y(c, e) * y(other, e)
            found.append(np.min(np.where(threshold >= A, alone + count * square * (w + 1e-4), np.inf)))
    lowest = max(e for e in np.arange(257) / 256 if e * (3 - e) ** 2 <= 4 * (1 - 3 * threshold))
    X = marked_points(m)
    X = X[:, (X[1:3].min(axis=0) >= lowest) & (X[0] > 0.05) & (np.abs(X[3]) > 0.05)]
    a_0, a_1, a_2 = density_pairs(claim, proof, *X)
    for R in np.linspace(0.5, 4, 8):
        found.append(np.min(a_0 + a_1 * R + a_2 * R * R))
    return float(min(found))


def marked(claim, proof):
    n, m, value = claim["n"], claim["m"], number(claim["value"])
    F, q = np.array(numbers(proof["kernel"])), np.array(numbers(proof["alone"]))
    found = []
    if claim["quantity"] == "loss":
        p, importance, one_active = (
            number(claim["feature_probability"]),
            number(claim["importance"]),
            number(proof["one_active"]),
        )
        share = p * (1 - p) ** (n - 1) * (1 if proof.get("bias") == "free" else 1 - 3 * p / 4)
        found += [p, 1 - p, importance, importance * share * one_active - value]
        value = one_active
    found += [n - 3 * value, value, -float(np.abs(F - F.swapaxes(1, 2)).max())]
    if min(found) < 0:
        return min(found)
    loud = proof.get("loud", 0)
    rows = F.shape[1] - loud
    pi = np.array([x for size in (rows, loud) for x in [3.0, -1.0, *[0.0] * (size - 2)][:size]])
    F = F.copy()
    F[0] -= np.outer(pi, pi) / (2 * (n - 3 * value))
    found += [np.linalg.eigvalsh(matrix)[0] for matrix in F]
    F[0] += np.outer(pi, pi) / (2 * (n - 3 * value))
    e = np.linspace(0, 1, 20001)
    of_q = np.polynomial.polynomial.polyval(e, q)
    marks = np.array([e**a for a in range(rows)])
    diagonal = np.einsum("ax,ab,bx->x", marks, F.sum(axis=0)[:rows, :rows], marks)
    found += [of_q.min(), (1 - (n - 1) * of_q - e / 2 * diagonal).min()]
    if "free" in (claim.get("bias"), proof.get("bias")):
        found += [free_room(proof, n, m, *free_points(m)).min()]
    # Sampled, so a violation between the points is missed: good for refusing, not for accepting.
    found.append(pair_room(proof, m, *marked_points(m)).min())
    return float(min(found))
