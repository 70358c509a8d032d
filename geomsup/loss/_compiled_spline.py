"""Compiled form of the spline recursion specified, readably, in :mod:`geomsup.loss.spline`.

Same recursion, same names, same order of operations up to summation order; one row of the model per call.
"""

import numpy as np
from numba import njit

from geomsup.loss._compiled_rounding import BRANCH, POLYNOMIAL, PRUNED, ZERO, rounding_bound

NEGLIGIBLE = 2.0**-60
"""A subtree that can change a row by less than this times its scale squared is left out, and its bound reported."""


@njit(cache=True, nogil=True)
def branches(
    kind, low, high, atom_values, atom_weights, probability, offset, stay, lift, own_stay, own_lift, own_lift2
):
    """Fill the branch table of one feature and return its length (see ``_spline_tree.branch_table``)."""
    for c in range(offset.size):
        offset[c] = stay[c] = lift[c] = own_stay[c] = own_lift[c] = own_lift2[c] = 0.0
    count = 0
    idle = -1
    if probability < 1.0:
        stay[0] = 1.0 - probability
        idle = 0
        count = 1
    if kind == 0:
        density = probability / (high - low)
        for side in range(2):
            x = low if side == 0 else high
            weight = -density if side == 0 else density
            c = idle if (x == 0.0 and idle >= 0) else count
            if c == count:
                count += 1
            offset[c] = x
            lift[c] += weight
            own_lift[c] += weight * x
            own_lift2[c] -= weight
    else:
        for s in range(atom_values.size):
            x = atom_values[s]
            weight = probability * atom_weights[s]
            c = idle if (x == 0.0 and idle >= 0) else count
            if c == count:
                count += 1
            offset[c] = x
            stay[c] += weight
            own_stay[c] += weight * x
    return count


@njit(cache=True, nogil=True)
def spline_row(
    a, b, own, active, kind, low, high, atom_start, atom_values, atom_weights, moments, budget, with_error, gradient,
    work,
):
    """One row: returns (E z+^2, E x_own z+, rounding bound, nodes) and fills ``gradient`` (n + 1).

    ``nodes`` is -1 when the tree would need more than ``budget`` nodes, or more levels than ``moments`` has columns
    for: then nothing else is meaningful.
    The gradient is that of E z+^2 - 2 E x_own z+ with respect to (a_1 ... a_n, b).
    """
    n = a.size
    y, first, status, V, VB, lam, lamB = work
    for j in range(n + 1):
        gradient[j] = 0.0
    amplitude = np.zeros(n)
    scale = abs(b)
    for j in range(n):
        if active[j] > 0.0:
            amplitude[j] = abs(a[j]) * max(abs(low[j]), abs(high[j]))
            scale += amplitude[j]
    order = np.argsort(-amplitude)
    depth = 0
    neglected = 0.0
    for r in range(n):
        j = order[r]
        if active[j] > 0.0:
            if amplitude[j] > 1e-17 * scale:
                depth += 1
            else:
                neglected += amplitude[j]
    if depth + 5 > moments.shape[1]:
        return 0.0, 0.0, 0.0, -1
    # order[:depth] branch; the rest is passive (its coefficient is zero to rounding)
    has_own = own >= 0 and active[own] > 0.0
    own_level = -1
    for d in range(depth):
        if order[d] == own:
            own_level = d
    own_passive = has_own and own_level < 0
    own_reach = max(abs(low[own]), abs(high[own])) if has_own else 0.0
    top = depth + 3
    widest = offset_width = 2
    for d in range(depth):
        j = order[d]
        if kind[j] == 1:
            offset_width = max(offset_width, 1 + atom_start[j + 1] - atom_start[j])
        widest = max(widest, 3)
    width = max(widest, offset_width)
    offset = np.empty((depth, width))
    stay = np.empty((depth, width))
    lift = np.empty((depth, width))
    own_stay = np.empty((depth, width))
    own_lift = np.empty((depth, width))
    own_lift2 = np.empty((depth, width))
    count = np.empty(depth, np.int64)
    for d in range(depth):
        j = order[d]
        count[d] = branches(
            kind[j], low[j], high[j],
            atom_values[atom_start[j]:atom_start[j + 1]], atom_weights[atom_start[j]:atom_start[j + 1]],
            active[j], offset[d], stay[d], lift[d], own_stay[d], own_lift[d], own_lift2[d],
        )
        inverse = 1.0 / a[j]
        for c in range(count[d]):
            offset[d, c] *= a[j]
            lift[d, c] *= inverse
            own_lift[d, c] *= inverse
            own_lift2[d, c] *= inverse * inverse
    # normalised moments of what is still to come below each level, m[d, k] = E s^k / k!, and range of s
    m = np.zeros((depth + 1, top + 1))
    mB = np.zeros((depth + 1, top + 1))
    m[depth, 0] = 1.0
    if own_passive:
        mB[depth, 0] = active[own] * moments[own, 1]
    s_low = np.zeros(depth + 1)
    s_high = np.zeros(depth + 1)
    for d in range(depth - 1, -1, -1):
        j = order[d]
        x, z = a[j] * low[j], a[j] * high[j]
        if x > z:
            x, z = z, x
        if active[j] < 1.0:
            x, z = min(x, 0.0), max(z, 0.0)
        s_low[d] = s_low[d + 1] + x
        s_high[d] = s_high[d + 1] + z
        for k in range(top + 1):
            total = m[d + 1, k]
            totalB = mB[d + 1, k]
            if d == own_level:
                totalB = active[j] * moments[j, 1] * m[d + 1, k]
            power = 1.0
            for l in range(1, k + 1):
                power *= a[j] / l
                total += power * active[j] * moments[j, l] * m[d + 1, k - l]
                if d == own_level:
                    totalB += power * active[j] * moments[j, l + 1] * m[d + 1, k - l]
                else:
                    totalB += power * active[j] * moments[j, l] * mB[d + 1, k - l]
            m[d, k] = total
            mB[d, k] = totalB
    # the tree, level by level, with the weight that each node's V has in the result
    cutoff = NEGLIGIBLE * scale * scale
    pruned = 0.0
    level_start = np.empty(depth + 2, np.int64)
    level_start[0] = 0
    y[0] = b
    nodes = 1
    for q in range(top + 1):
        lam[0, q] = lamB[0, q] = 0.0
    lam[0, 2] = 2.0
    if has_own:
        lamB[0, 1] = -2.0
    for d in range(depth + 1):
        begin, end = level_start[d], nodes
        degree = 2 + d
        both = has_own and (own_passive or d <= own_level)
        for v in range(begin, end):
            if y[v] + s_high[d] <= 0.0:
                status[v] = ZERO
                continue
            if y[v] + s_low[d] >= 0.0 or d == depth:
                status[v] = POLYNOMIAL
                continue
            bound = 0.0
            power = 1.0
            for q in range(1, degree + 1):
                power *= (y[v] + s_high[d]) / q
                bound += power * (abs(lam[v, q]) + abs(lamB[v, q]) * own_reach)
            if not bound < 1e200:
                return 0.0, 0.0, 0.0, -1  # so many tiny coefficients divided by that the weights overflow
            if bound <= cutoff:
                status[v] = PRUNED
                pruned += bound
                continue
            status[v] = BRANCH
            if nodes + count[d] > budget:
                return 0.0, 0.0, 0.0, -1
            first[v] = nodes
            for c in range(count[d]):
                w = nodes + c
                y[w] = y[v] + offset[d, c]
                for q in range(top + 1):
                    lam[w, q] = lamB[w, q] = 0.0
                s, r = stay[d, c], lift[d, c]
                for q in range(1, degree + 1):
                    lam[w, q] += s * lam[v, q]
                    lam[w, q + 1] += r * lam[v, q]
                if both and d == own_level:
                    s, r, t = own_stay[d, c], own_lift[d, c], own_lift2[d, c]
                    for q in range(1, degree):
                        lam[w, q] += s * lamB[v, q]
                        lam[w, q + 1] += r * lamB[v, q]
                        lam[w, q + 2] += t * lamB[v, q]
                elif both:
                    for q in range(1, degree):
                        lamB[w, q] += s * lamB[v, q]
                        lamB[w, q + 1] += r * lamB[v, q]
            nodes += count[d]
        level_start[d + 1] = end
    # values, bottom up: V[v, q] = E (y_v + s)_+^q / q!, VB the same weighted by x_own
    for d in range(depth, -1, -1):
        last = level_start[d + 1] if d < depth else nodes
        degree = 2 + d
        both = has_own and (own_passive or d <= own_level)
        for v in range(level_start[d], last):
            if status[v] == ZERO or status[v] == PRUNED:
                for q in range(degree + 1):
                    V[v, q] = 0.0
                    VB[v, q] = 0.0
            elif status[v] == POLYNOMIAL:
                for q in range(degree + 1):
                    total = totalB = 0.0
                    power = 1.0
                    for l in range(q, -1, -1):
                        total += power * m[d, l]
                        totalB += power * mB[d, l]
                        power *= y[v] / (q - l + 1)
                    V[v, q] = total
                    VB[v, q] = totalB
            else:
                for q in range(degree + 1):
                    V[v, q] = 0.0
                    VB[v, q] = 0.0
                for c in range(count[d]):
                    w = first[v] + c
                    s, r = stay[d, c], lift[d, c]
                    for q in range(degree + 1):
                        V[v, q] += s * V[w, q] + r * V[w, q + 1]
                    if both:
                        if d == own_level:
                            s, r, t = own_stay[d, c], own_lift[d, c], own_lift2[d, c]
                            for q in range(degree):
                                VB[v, q] += s * V[w, q] + r * V[w, q + 1] + t * V[w, q + 2]
                        else:
                            for q in range(degree):
                                VB[v, q] += s * VB[w, q] + r * VB[w, q + 1]
    value2 = 2.0 * V[0, 2]
    value1 = VB[0, 1] if has_own else 0.0
    # the derivative of every branch
    dm = np.zeros((depth + 1, top + 1))
    dmB = np.zeros((depth + 1, top + 1))
    for d in range(depth + 1):
        last = level_start[d + 1] if d < depth else nodes
        degree = 2 + d
        both = has_own and (own_passive or d <= own_level)
        for v in range(level_start[d], last):
            if status[v] == POLYNOMIAL:
                for q in range(1, degree + 1):
                    power = 1.0
                    for l in range(q, -1, -1):
                        dm[d, l] += lam[v, q] * power
                        dmB[d, l] += lamB[v, q] * power
                        power *= y[v] / (q - l + 1)
            elif status[v] == BRANCH:
                inverse = 1.0 / a[order[d]]
                slope = 0.0
                for c in range(count[d]):
                    w = first[v] + c
                    x = offset[d, c] * inverse
                    s, r = stay[d, c], lift[d, c]
                    for q in range(1, degree + 1):
                        weight = lam[v, q]
                        slope += weight * (s * x * V[w, q - 1] + r * (x * V[w, q] - V[w, q + 1] * inverse))
                    if both:
                        if d == own_level:
                            s, r, t = own_stay[d, c], own_lift[d, c], own_lift2[d, c]
                            for q in range(1, degree):
                                weight = lamB[v, q]
                                slope += weight * (
                                    s * x * V[w, q - 1]
                                    + r * (x * V[w, q] - V[w, q + 1] * inverse)
                                    + t * (x * V[w, q + 1] - 2.0 * V[w, q + 2] * inverse)
                                )
                        else:
                            for q in range(1, degree):
                                weight = lamB[v, q]
                                slope += weight * (s * x * VB[w, q - 1] + r * (x * VB[w, q] - VB[w, q + 1] * inverse))
                gradient[order[d]] += slope
    # moments of the remainders depend on the coefficients too
    for d in range(depth):
        j = order[d]
        slope = 0.0
        for k in range(top + 1):
            dm[d + 1, k] += dm[d, k]
            if d != own_level:
                dmB[d + 1, k] += dmB[d, k]
            else:
                dm[d + 1, k] += dmB[d, k] * active[j] * moments[j, 1]
            power = 1.0
            for l in range(1, k + 1):
                derivative = power * active[j]
                power *= a[j] / l
                first_moment = active[j] * moments[j, l]
                slope += dm[d, k] * derivative * moments[j, l] * m[d + 1, k - l]
                dm[d + 1, k - l] += dm[d, k] * power * first_moment
                if d == own_level:
                    slope += dmB[d, k] * derivative * moments[j, l + 1] * m[d + 1, k - l]
                    dm[d + 1, k - l] += dmB[d, k] * power * active[j] * moments[j, l + 1]
                elif has_own and (own_passive or d < own_level):
                    slope += dmB[d, k] * derivative * moments[j, l] * mB[d + 1, k - l]
                    dmB[d + 1, k - l] += dmB[d, k] * power * first_moment
        gradient[j] += slope
    db = 2.0 * V[0, 1]
    if has_own:
        db -= 2.0 * VB[0, 0]
    gradient[n] = db
    for r in range(depth, n):
        j = order[r]
        if active[j] > 0.0:
            if j == own:
                gradient[j] += 2.0 * active[j] * moments[j, 1] * V[0, 1] - 2.0 * active[j] * moments[j, 2] * V[0, 0]
            else:
                gradient[j] += active[j] * moments[j, 1] * db
    error = 0.0
    if with_error:
        error = rounding_bound(
            nodes, depth, own_level, own_passive, has_own, order, level_start, status, first, y, s_high, count, stay,
            lift, own_stay, own_lift, own_lift2, a, active, kind, low, high, moments, own, scale, lam, lamB,
        )
        error += pruned + neglected * 2.0 * (scale + own_reach)
    return value2, value1, error, nodes


@njit(cache=True, nogil=True)
def workspace(budget, n):
    """Arrays reused by every call of :func:`spline_row` in one thread."""
    top = n + 5
    return (
        np.empty(budget),
        np.empty(budget, np.int64),
        np.empty(budget, np.int8),
        np.empty((budget, top)),
        np.empty((budget, top)),
        np.empty((budget, top)),
        np.empty((budget, top)),
    )
