"""Compiled bound on the rounding error of the spline recursion."""

import numpy as np
from numba import njit

BRANCH, ZERO, POLYNOMIAL, PRUNED = 0, 1, 2, 3
UNIT_ROUNDOFF = 2.0**-53


@njit(cache=True, nogil=True)
def rounding_bound(
    nodes, depth, own_level, own_passive, has_own, order, level_start, status, first, y, s_high, count, stay, lift,
    own_stay, own_lift, own_lift2, a, active, kind, low, high, moments, own, scale, lam, lamB,
):
    """First-order bound on the rounding error of the value: Σ |weight| |value| over the leaves."""
    top = depth + 3
    m = np.zeros((depth + 1, top + 1))
    mB = np.zeros((depth + 1, top + 1))
    m[depth, 0] = 1.0
    if own_passive:
        mB[depth, 0] = max(abs(low[own]), abs(high[own]))
    for d in range(depth - 1, -1, -1):
        j = order[d]
        reach = max(abs(low[j]), abs(high[j]))
        for k in range(top + 1):
            total = m[d + 1, k]
            totalB = mB[d + 1, k]
            if d == own_level:
                totalB = active[j] * reach * m[d + 1, k]
            power = active[j]
            for l in range(1, k + 1):
                power *= abs(a[j]) / l
                size = abs(moments[j, l]) if l % 2 == 0 else np.sqrt(moments[j, l - 1] * moments[j, l + 1])
                total += power * size * m[d + 1, k - l]
                if d == own_level:
                    totalB += power * size * reach * m[d + 1, k - l]
                else:
                    totalB += power * size * mB[d + 1, k - l]
            m[d, k] = total
            mB[d, k] = totalB
    for v in range(nodes):
        for q in range(top + 1):
            lam[v, q] = 0.0
            lamB[v, q] = 0.0
    lam[0, 2] = 2.0
    if has_own:
        lamB[0, 1] = 2.0
    shift = (depth + 2) * scale  # y carries an absolute error of at most this many roundoffs
    total = 0.0
    for d in range(depth + 1):
        last = level_start[d + 1] if d < depth else nodes
        degree = 2 + d
        operations = 6.0 * d + 3.0 * degree + 2.0 * (depth - d) + 6.0
        for v in range(level_start[d], last):
            if status[v] == BRANCH:
                for c in range(count[d]):
                    w = first[v] + c
                    s, r = abs(stay[d, c]), abs(lift[d, c])
                    for q in range(1, degree + 1):
                        lam[w, q] += s * lam[v, q]
                        lam[w, q + 1] += r * lam[v, q]
                    if has_own and (own_passive or d <= own_level):
                        if d == own_level:
                            s, r, t = abs(own_stay[d, c]), abs(own_lift[d, c]), abs(own_lift2[d, c])
                            for q in range(1, degree):
                                lam[w, q] += s * lamB[v, q]
                                lam[w, q + 1] += r * lamB[v, q]
                                lam[w, q + 2] += t * lamB[v, q]
                        else:
                            for q in range(1, degree):
                                lamB[w, q] += s * lamB[v, q]
                                lamB[w, q + 1] += r * lamB[v, q]
                continue
            if status[v] == PRUNED:
                continue  # its whole value is in the bound already
            size = abs(y[v])
            if status[v] == ZERO:
                if y[v] + s_high[d] < -4.0 * shift * UNIT_ROUNDOFF:
                    continue  # zero beyond any doubt
            previous = previousB = 0.0
            for q in range(degree + 1):
                value = valueB = 0.0
                power = 1.0
                for l in range(q, -1, -1):
                    value += power * m[d, l]
                    valueB += power * mB[d, l]
                    power *= size / (q - l + 1)
                if status[v] == ZERO:
                    value = valueB = 0.0 if q > 0 else 1.0
                if q > 0:
                    total += lam[v, q] * (operations * value + shift * previous)
                    total += lamB[v, q] * (operations * valueB + shift * previousB)
                previous, previousB = value, valueB
    return 1.01 * UNIT_ROUNDOFF * total
