"""Compiled form of the Fourier series specified, readably, in :mod:`geomsup.loss.series`.

One row of the model per call; the frequencies run in the innermost loops, in blocks, so that they vectorise.
"""

import numpy as np
from numba import njit

from geomsup.loss._compiled_transforms import OPTIONS, group_factor, law_transforms, product_except, rotate, single


@njit(**OPTIONS)
def series_row(
    a, b, own, terms, with_gradient, groups, law, gradient, work
):
    """One row: returns (E z+^2 - 2 E x_own z+, the same with the sandwich's middle, half its gap, sum of |terms|).

    Fills ``gradient`` (n + 1) with the derivatives in (a_1 ... a_n, b) where asked.
    """
    group_start, group_member, probability, group_kind, group_of = groups
    kind, low, high, atom_start, atom_values, atom_weights, moments = law
    n = a.size
    n_groups = group_start.size - 1
    for j in range(n + 1):
        gradient[j] = 0.0
    (
        vr, vi, ur, ui, wr, wi, fr, fi, pr, pi, c, s, er, ei, sr, si, gr, gi, or_, oi, ar, ai, recip, mr, mi, gr2, gi2
    ) = work  # fmt: skip
    block = c.size
    # passive features, whose coefficient is zero, do not count as active
    passive = np.zeros(n_groups, np.bool_)
    group_probability = probability.copy()
    for g in range(n_groups):
        j = group_member[group_start[g]]
        if group_start[g + 1] - group_start[g] == 1 and a[j] == 0.0 and j != own:
            passive[g] = True
            group_probability[g] = 0.0
    # range of z, and probability of each event "nothing on", "feature j alone"
    z_low = z_high = b
    idle_all = 1.0
    sure = 0
    for g in range(n_groups):
        p = group_probability[g]
        x = y = 0.0
        one_of = group_kind[g] == 1
        for r in range(group_start[g], group_start[g + 1]):
            j = group_member[r]
            u, v = a[j] * low[j], a[j] * high[j]
            if u > v:
                u, v = v, u
            if one_of:
                x, y = (min(x, u), max(y, v)) if r > group_start[g] else (u, v)
            else:
                x += u
                y += v
        if p <= 0.0:
            x = y = 0.0
        elif p < 1.0:
            x, y = min(x, 0.0), max(y, 0.0)
        z_low += x
        z_high += y
        if p < 1.0:
            idle_all *= 1.0 - p
        else:
            sure += 1
    if z_high <= 0.0:
        return 0.0, 0.0, 0.0, 0.0
    linear = z_low >= 0.0
    # see _tails.half_period
    h = 2.0 * np.pi / 2.0 ** (0.25 * (np.ceil(4.0 * np.log2(max(-z_low, z_high)) + 0.37) - 0.37))
    o = group_of[own]
    # moments: E z, E z^2, E x_j z, E x_j z^2
    mean = b
    variance = 0.0
    s1 = np.zeros(n_groups)
    s2 = np.zeros(n_groups)
    e0 = np.zeros(n)
    e1 = np.zeros(n)
    e2 = np.zeros(n)
    for g in range(n_groups):
        begin, end = group_start[g], group_start[g + 1]
        p = group_probability[g]
        if group_kind[g] == 1:
            p = p / (end - begin)
            for r in range(begin, end):
                j = group_member[r]
                e0[j] = p * moments[j, 1]
                e1[j] = p * a[j] * moments[j, 2]
                e2[j] = p * a[j] * a[j] * moments[j, 3]
        else:
            t1 = t2 = 0.0
            for r in range(begin, end):
                j = group_member[r]
                t1 += a[j] * moments[j, 1]
                t2 += a[j] * a[j] * (moments[j, 2] - moments[j, 1] ** 2)
            for r in range(begin, end):
                j = group_member[r]
                r1 = t1 - a[j] * moments[j, 1]
                r2 = t2 - a[j] * a[j] * (moments[j, 2] - moments[j, 1] ** 2) + r1 * r1
                if end - begin == 1:
                    r1 = r2 = 0.0
                e0[j] = p * moments[j, 1]
                e1[j] = p * (a[j] * moments[j, 2] + moments[j, 1] * r1)
                e2[j] = p * (a[j] * a[j] * moments[j, 3] + 2.0 * a[j] * moments[j, 2] * r1 + moments[j, 1] * r2)
        for r in range(begin, end):
            j = group_member[r]
            s1[g] += a[j] * e0[j]
            s2[g] += a[j] * e1[j]
        mean += s1[g]
        variance += s2[g] - s1[g] * s1[g]
    square = variance + mean * mean
    # H = alpha1 E z + alpha2 E z^2 + alpha3 E z^3 + beta0 E x_i + beta1 E x_i z + beta2 E x_i z^2 + series
    if linear:
        alpha1 = alpha3 = beta0 = beta2 = 0.0
        alpha2, beta1 = 1.0, -2.0
    else:
        alpha1, alpha2, alpha3 = np.pi / (3.0 * h), 0.5, h / (6.0 * np.pi)
        beta0, beta1, beta2 = -np.pi / (3.0 * h), -1.0, -h / (2.0 * np.pi)
    cube = b * square
    own1 = own2 = 0.0
    for g in range(n_groups):
        r1 = mean - s1[g]
        r2 = variance - (s2[g] - s1[g] * s1[g]) + r1 * r1
        for r in range(group_start[g], group_start[g + 1]):
            j = group_member[r]
            xz, xzz = e1[j] + e0[j] * r1, e2[j] + 2.0 * e1[j] * r1 + e0[j] * r2
            cube += a[j] * xzz
            if j == own:
                own1, own2 = xz, xzz
            if with_gradient:
                gradient[j] += alpha1 * e0[j] + 2.0 * alpha2 * xz + 3.0 * alpha3 * xzz
    value = alpha1 * mean + alpha2 * square + alpha3 * cube + beta0 * e0[own] + beta1 * own1 + beta2 * own2
    size = abs(alpha1 * mean) + abs(alpha2 * square) + abs(alpha3 * cube) + abs(beta0 * e0[own])
    size += abs(beta1 * own1) + abs(beta2 * own2)
    if with_gradient:
        gradient[n] += alpha1 + 2.0 * alpha2 * mean + 3.0 * alpha3 * square + beta1 * e0[own] + 2.0 * beta2 * own1
        together = group_kind[o] == 0
        p = group_probability[o]
        t1 = 0.0
        for r in range(group_start[o], group_start[o + 1]):
            j = group_member[r]
            t1 += a[j] * moments[j, 1]
        for j in range(n):
            g = group_of[j]
            if g != o:
                xx = e0[own] * e0[j]
                xxz = e1[own] * e0[j] + e0[own] * e1[j] + xx * (mean - s1[o] - s1[g])
            else:
                if j == own:
                    q = p if together else p / (group_start[o + 1] - group_start[o])
                    others = t1 - a[j] * moments[j, 1] if together and group_start[o + 1] - group_start[o] > 1 else 0.0
                    xx = q * moments[j, 2]
                    xxz = q * (a[j] * moments[j, 3] + moments[j, 2] * others)
                elif together:
                    i = own
                    xx = p * moments[i, 1] * moments[j, 1]
                    xxz = p * (
                        a[i] * moments[i, 2] * moments[j, 1]
                        + a[j] * moments[j, 2] * moments[i, 1]
                        + moments[i, 1] * moments[j, 1] * (t1 - a[i] * moments[i, 1] - a[j] * moments[j, 1])
                    )
                else:
                    xx = xxz = 0.0
                xxz += xx * (mean - s1[o])
            gradient[j] += beta1 * xx + 2.0 * beta2 * xxz
    if linear:
        if with_gradient:
            passive_slopes(passive, group_start, group_member, probability, moments, gradient)
        return value, value, 0.0, size
    # the events of at most one active feature in closed form
    nothing = idle_all if sure == 0 else 0.0
    alone = np.zeros(n)
    for g in range(n_groups):
        begin, end = group_start[g], group_start[g + 1]
        p = group_probability[g]
        if sure > 1 or (sure == 1 and p < 1.0) or p <= 0.0 or (end - begin > 1 and group_kind[g] == 0):
            continue
        rest = idle_all if p >= 1.0 else idle_all / (1.0 - p)
        for r in range(begin, end):
            alone[group_member[r]] = p * rest / (end - begin)
    if nothing > 0.0:
        z = max(b, 0.0)
        value += nothing * (z * z - (alpha1 * b + alpha2 * b * b + alpha3 * b * b * b))
        gradient[n] += nothing * (2.0 * z - (alpha1 + 2.0 * alpha2 * b + 3.0 * alpha3 * b * b))
    for j in range(n):
        if alone[j] > 0.0:
            mine = 1.0 if j == own else 0.0
            x, da, db = single(
                j, a[j], b, mine, kind, low, high, atom_start, atom_values, atom_weights, moments
            )
            m1, m2, m3 = moments[j, 1], moments[j, 2], moments[j, 3]
            z1 = b + a[j] * m1
            z2 = b * b + 2.0 * a[j] * b * m1 + a[j] * a[j] * m2
            z3 = b * b * b + 3.0 * a[j] * b * b * m1 + 3.0 * a[j] * a[j] * b * m2 + a[j] ** 3 * m3
            xz, xzz = b * m1 + a[j] * m2, b * b * m1 + 2.0 * a[j] * b * m2 + a[j] * a[j] * m3
            x -= alpha1 * z1 + alpha2 * z2 + alpha3 * z3 + mine * (beta0 * m1 + beta1 * xz + beta2 * xzz)
            db -= alpha1 + 2.0 * alpha2 * z1 + 3.0 * alpha3 * z2 + mine * (beta1 * m1 + 2.0 * beta2 * xz)
            da -= alpha1 * m1 + 2.0 * alpha2 * xz + 3.0 * alpha3 * xzz
            da -= mine * (beta1 * m2 + 2.0 * beta2 * (b * m2 + a[j] * m3))
            value += alone[j] * x
            gradient[j] += alone[j] * da
            gradient[n] += alone[j] * db
            size += alone[j] * abs(x)
    # the series over what is left
    total = middle = gap = 0.0
    A, B = 2.0 / (np.pi * h * h), 2.0 / (np.pi * h)
    for k0 in range(0, terms, block):
        count = min(block, terms - k0)
        rotate(b * h, k0, count, er, ei)
        for k in range(count):
            recip[k] = 1.0 / (k0 + 1 + k)
        for k in range(count):
            pr[0, k] = er[k]
            pi[0, k] = ei[k]
            ar[k] = nothing  # transform of the events taken out, without the factor e^{itb}
            ai[k] = 0.0
        law_transforms(
            a, h, k0, count, own, with_gradient, passive, group_of, kind, low, high, atom_start, atom_values,
            atom_weights, vr, vi, ur, ui, wr, wi, recip, c, s, gr, gi,
        )
        for g in range(n_groups):
            begin, end = group_start[g], group_start[g + 1]
            p = group_probability[g]
            one_of = group_kind[g] == 1
            if passive[g]:
                for k in range(count):
                    pr[g + 1, k] = pr[g, k]
                    pi[g + 1, k] = pi[g, k]
                continue
            for r in range(begin, end):
                j = group_member[r]
                if alone[j] > 0.0:
                    for k in range(count):
                        ar[k] += alone[j] * vr[j, k]
                        ai[k] += alone[j] * vi[j, k]
            if end - begin == 1:
                j = group_member[begin]
                for k in range(count):
                    fr[g, k] = 1.0 - p + p * vr[j, k]
                    fi[g, k] = p * vi[j, k]
            else:
                group_factor(begin, end, group_member, one_of, p, -1, vr, vi, ur, ui, count, fr, fi, g)
            if g == o:
                for k in range(count):
                    pr[g + 1, k] = pr[g, k]
                    pi[g + 1, k] = pi[g, k]
            else:
                for k in range(count):
                    pr[g + 1, k] = pr[g, k] * fr[g, k] - pi[g, k] * fi[g, k]
                for k in range(count):
                    pi[g + 1, k] = pr[g, k] * fi[g, k] + pi[g, k] * fr[g, k]
        # own factor: i A/k^3 phi + B/k^2 psi
        begin, end = group_start[o], group_start[o + 1]
        p = group_probability[o]
        one_of = group_kind[o] == 1
        group_factor(begin, end, group_member, one_of, p, own, vr, vi, ur, ui, count, or_, oi, 0)
        for k in range(count):
            K = recip[k]
            Ak, Bk = A * K * K * K, B * K * K
            sr[k] = -Ak * fi[o, k] + Bk * or_[0, k]
            si[k] = Ak * fr[o, k] + Bk * oi[0, k]
            # minus the events: nothing, and one alone
            x = -Ak * ai[k] + Bk * alone[own] * ur[own, k]
            y = Ak * ar[k] + Bk * alone[own] * ui[own, k]
            real = pr[n_groups, k] * sr[k] - pi[n_groups, k] * si[k] - (er[k] * x - ei[k] * y)
            imag = pr[n_groups, k] * si[k] + pi[n_groups, k] * sr[k] - (er[k] * y + ei[k] * x)
            total += real
            size += abs(real)
            if with_gradient:
                gradient[n] -= (k0 + 1 + k) * h * imag
        if with_gradient:
            for g in range(n_groups - 1, -1, -1):
                begin, end = group_start[g], group_start[g + 1]
                p = group_probability[g]
                one_of = group_kind[g] == 1
                if g == o or passive[g]:
                    continue
                for k in range(count):
                    gr[k] = (k0 + 1 + k) * h * (pr[g, k] * sr[k] - pi[g, k] * si[k])
                for k in range(count):
                    gi[k] = (k0 + 1 + k) * h * (pr[g, k] * si[k] + pi[g, k] * sr[k])
                scale = p / (end - begin) if one_of else p
                for r in range(begin, end):
                    j = group_member[r]
                    slope = 0.0
                    if end - begin == 1 or one_of:
                        for k in range(count):
                            slope -= gr[k] * ui[j, k] + gi[k] * ur[j, k]
                    else:
                        product_except(begin, end, group_member, j, -1, vr, vi, ur, ui, count, mr, mi, 0)
                        for k in range(count):
                            x, y = mr[0, k] * ur[j, k] - mi[0, k] * ui[j, k], mr[0, k] * ui[j, k] + mi[0, k] * ur[j, k]
                            slope -= gr[k] * y + gi[k] * x
                    gradient[j] += scale * slope
                for k in range(count):
                    x, y = fr[g, k], fi[g, k]
                    sr[k], si[k] = sr[k] * x - si[k] * y, sr[k] * y + si[k] * x
            # own group: derivatives of its factor, times everything else
            begin, end = group_start[o], group_start[o + 1]
            p = group_probability[o]
            one_of = group_kind[o] == 1
            scale = p / (end - begin) if one_of else p
            for r in range(begin, end):
                j = group_member[r]
                slope = 0.0
                if one_of or end - begin == 1:
                    for k in range(count):
                        mr[0, k], mi[0, k] = 1.0, 0.0
                    for k in range(count):
                        mr[1, k], mi[1, k] = 0.0, 0.0
                else:
                    product_except(begin, end, group_member, j, -1, vr, vi, ur, ui, count, mr, mi, 0)
                    if j != own:
                        product_except(begin, end, group_member, j, own, vr, vi, ur, ui, count, mr, mi, 1)
                for k in range(count):
                    t = (k0 + 1 + k) * h
                    K = recip[k]
                    Ak, Bk = A * K * K * K, B * K * K
                    # d/da_j of (i A phi + B psi) = i t (i A u_j P + B second), P = product of the other members
                    x, y = mr[0, k] * ur[j, k] - mi[0, k] * ui[j, k], mr[0, k] * ui[j, k] + mi[0, k] * ur[j, k]
                    real, imag = -Ak * y, Ak * x
                    if j == own:
                        real += Bk * (mr[0, k] * wr[0, k] - mi[0, k] * wi[0, k])
                        imag += Bk * (mr[0, k] * wi[0, k] + mi[0, k] * wr[0, k])
                    else:
                        real += Bk * (mr[1, k] * ur[j, k] - mi[1, k] * ui[j, k])
                        imag += Bk * (mr[1, k] * ui[j, k] + mi[1, k] * ur[j, k])
                    slope -= t * (pr[n_groups, k] * imag + pi[n_groups, k] * real)
                gradient[j] += scale * slope
            for j in range(n):
                if alone[j] > 0.0:
                    slope = 0.0
                    for k in range(count):
                        t = (k0 + 1 + k) * h
                        K = recip[k]
                        Ak, Bk = A * K * K * K, B * K * K
                        real, imag = -Ak * ui[j, k], Ak * ur[j, k]
                        if j == own:
                            real += Bk * wr[0, k]
                            imag += Bk * wi[0, k]
                        slope += t * (er[k] * imag + ei[k] * real)
                    gradient[j] += alone[j] * slope
        else:
            # sandwich of |z|: same sum with the coefficients of the extremal polynomials in place of 1/k^2
            reach = max(abs(low[own]), abs(high[own]))
            group_factor(begin, end, group_member, one_of, p, -2 - own, vr, vi, ur, ui, count, gr2, gi2, 0)
            L = terms + 1.0
            for k in range(count):
                tau = (k0 + 1 + k) / L
                sine, cosine = np.sin(np.pi * tau), np.cos(np.pi * tau)
                above = ((1.0 - tau) / sine + cosine / np.pi) / (sine * L * L)
                below = ((1.0 - tau) * cosine / sine + 1.0 / np.pi) / (sine * L * L)
                above *= np.pi * np.pi
                below *= np.pi * np.pi
                x, y = pr[n_groups, k], pi[n_groups, k]
                K = recip[k]
                res = x * or_[0, k] - y * oi[0, k] - alone[own] * (er[k] * ur[own, k] - ei[k] * ui[own, k])
                middle += B * (0.5 * (above + below) - K * K) * res
                res = x * gr2[0, k] - y * gi2[0, k] - alone[own] * (er[k] * vr[own, k] - ei[k] * vi[own, k])
                gap += B * 0.5 * (above - below) * reach * res
    if not with_gradient:
        L = terms + 1.0
        p = group_probability[o] if group_kind[o] == 0 else group_probability[o] / (group_start[o + 1] - group_start[o])
        left = p - alone[own]
        zero = np.pi * np.pi / (24.0 * L * L)  # half of (1/6 - 1/12) pi^2 / L^2
        middle += B * zero * (e0[own] - alone[own] * moments[own, 1])
        gap += B * (np.pi * np.pi / (8.0 * L * L)) * reach * left
    if with_gradient:
        passive_slopes(passive, group_start, group_member, probability, moments, gradient)
    return value + total, value + total + middle, gap, size


@njit(cache=True, nogil=True)
def passive_slopes(passive, group_start, group_member, probability, moments, gradient):
    """A passive feature moves z as its mean moves b."""
    for g in range(passive.size):
        if passive[g]:
            j = group_member[group_start[g]]
            gradient[j] = probability[g] * moments[j, 1] * gradient[gradient.size - 1]


@njit(cache=True, nogil=True)
def workspace(n, n_groups, block):
    """Arrays reused by every call of :func:`series_row` in one thread."""
    return (
        np.empty((n, block)), np.empty((n, block)), np.empty((n, block)), np.empty((n, block)),
        np.empty((1, block)), np.empty((1, block)), np.empty((n_groups, block)), np.empty((n_groups, block)),
        np.empty((n_groups + 1, block)), np.empty((n_groups + 1, block)), np.empty(block), np.empty(block),
        np.empty(block), np.empty(block), np.empty(block), np.empty(block), np.empty(block), np.empty(block),
        np.empty((1, block)), np.empty((1, block)), np.empty(block), np.empty(block), np.empty(block),
        np.empty((2, block)), np.empty((2, block)), np.empty((1, block)), np.empty((1, block)),
    )
