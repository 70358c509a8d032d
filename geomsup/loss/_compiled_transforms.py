"""Compiled transforms of value laws and groups, and the closed form of one active feature."""

import numpy as np
from numba import njit

OPTIONS = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}


@njit(inline="always", **OPTIONS)
def rotate(delta, k0, count, c, s):
    """c[k], s[k] = cos, sin of (k0 + 1 + k) delta by the angle-addition recurrence, eight lanes wide."""
    c1, s1 = np.cos(delta), np.sin(delta)
    c[0], s[0] = np.cos((k0 + 1) * delta), np.sin((k0 + 1) * delta)
    for k in range(1, min(8, count)):
        c[k] = c[k - 1] * c1 - s[k - 1] * s1
        s[k] = s[k - 1] * c1 + c[k - 1] * s1
    c8, s8 = c1, s1
    for _ in range(3):
        c8, s8 = c8 * c8 - s8 * s8, 2.0 * c8 * s8
    for k in range(8, count):
        c[k] = c[k - 8] * c8 - s[k - 8] * s8
        s[k] = s[k - 8] * c8 + c[k - 8] * s8


@njit(inline="always", **OPTIONS)
def centred(unit, k0, count, order, c, s, recip, x, y, j):
    """x[j] = S, y[j] = S' (order 1) or S'' (order 2), for S(t) = sin t / t at t = unit (k0 + 1 + k).

    c, s are cos t, sin t, and recip is 1/(k0 + 1 + k). Closed form first, then over it, below t = 1/4 where that
    cancels, a Taylor series whose first omitted term is under 1e-16.
    """
    scale = 1.0 / unit
    if order == 0:
        for k in range(count):
            x[j, k] = s[k] * (recip[k] * scale)
    elif order == 1:
        for k in range(count):
            inverse = recip[k] * scale
            S = s[k] * inverse
            x[j, k] = S
            y[j, k] = (c[k] - S) * inverse
    else:
        for k in range(count):
            inverse = recip[k] * scale
            S = s[k] * inverse
            x[j, k] = S
            y[j, k] = -S - 2.0 * (c[k] - S) * inverse * inverse
    small = count
    if unit != 0.0:
        small = int(min(max(0.25 / abs(unit) - k0, 0.0), float(count)))
    for k in range(small):
        t = unit * (k0 + 1 + k)
        q = t * t
        x[j, k] = 1.0 - q / 6.0 * (1.0 - q / 20.0 * (1.0 - q / 42.0 * (1.0 - q / 72.0 * (1.0 - q / 110.0))))
        if order == 1:
            y[j, k] = -t / 3.0 * (1.0 - q / 10.0 * (1.0 - q / 28.0 * (1.0 - q / 54.0 * (1.0 - q / 88.0))))
        elif order == 2:
            y[j, k] = -1.0 / 3.0 * (1.0 - 3.0 * q / 10.0 * (1.0 - 5.0 * q / 84.0 * (1.0 - 7.0 * q / 270.0
                      * (1.0 - 9.0 * q / 616.0))))


@njit(**OPTIONS)
def law_transforms(
    a, h, k0, count, own, with_gradient, passive, group_of, kind, low, high, atom_start, atom_values, atom_weights,
    vr, vi, ur, ui, wr, wi, recip, c, s, c2, s2,
):
    """v = E e^{itax}, u = E x e^{itax}, w = E x^2 e^{itax} at t = (k0 + 1 + k) h, for every feature.

    u for ``own`` only, unless the gradient is wanted, and w for ``own`` only; nothing for passive features. The loops
    write at most two arrays each, take no views and call nothing: more, and they would not vectorise, or spend their
    time counting references.
    """
    for j in range(a.size):
        if passive[group_of[j]]:
            continue
        orders = 1
        if j == own or with_gradient:
            orders = 3 if j == own and with_gradient else 2
        if kind[j] == 1:
            for k in range(count):
                vr[j, k] = vi[j, k] = 0.0
            for k in range(count):
                ur[j, k] = ui[j, k] = 0.0
            if orders > 2:
                for k in range(count):
                    wr[0, k] = wi[0, k] = 0.0
            for r in range(atom_start[j], atom_start[j + 1]):
                x = atom_values[r]
                p = atom_weights[r]
                px, pxx = p * x, p * x * x
                rotate(a[j] * h * x, k0, count, c, s)
                for k in range(count):
                    vr[j, k] += p * c[k]
                    vi[j, k] += p * s[k]
                if orders > 1:
                    for k in range(count):
                        ur[j, k] += px * c[k]
                        ui[j, k] += px * s[k]
                if orders > 2:
                    for k in range(count):
                        wr[0, k] += pxx * c[k]
                        wi[0, k] += pxx * s[k]
            continue
        mid, half = 0.5 * (low[j] + high[j]), 0.5 * (high[j] - low[j])
        unit = a[j] * h * half
        rotate(unit, k0, count, c, s)
        if mid != half:
            rotate(a[j] * h * mid, k0, count, c2, s2)
        else:
            for k in range(count):
                c2[k] = c[k]
                s2[k] = s[k]
        centred(unit, k0, count, 0, c, s, recip, vr, vi, j)
        for k in range(count):
            S = vr[j, k]
            vr[j, k] = c2[k] * S
            vi[j, k] = s2[k] * S
        if orders > 1:
            centred(unit, k0, count, 1, c, s, recip, ur, ui, j)
            for k in range(count):
                real, imag = mid * ur[j, k], -half * ui[j, k]
                ur[j, k] = c2[k] * real - s2[k] * imag
                ui[j, k] = s2[k] * real + c2[k] * imag
        if orders > 2:
            centred(unit, k0, count, 2, c, s, recip, wr, wi, 0)
            for k in range(count):
                S, S2 = wr[0, k], wi[0, k]
                t = unit * (k0 + 1 + k)
                real = mid * mid * S - half * half * S2
                imag = mid * half * (S + S2) * t  # S' = -(S + S'') t / 2
                wr[0, k] = c2[k] * real - s2[k] * imag
                wi[0, k] = s2[k] * real + c2[k] * imag


@njit(**OPTIONS)
def group_factor(begin, end, member, one_of, p, mode, vr, vi, ur, ui, count, x, y, row):
    """Transform of one group. mode -1: its characteristic function; mode i >= 0: weighted by x_i; -2 - i: by [i on]."""
    weighted = mode >= 0
    chosen = mode if weighted else -2 - mode
    if mode == -1:
        scale = p / (end - begin) if one_of else p
        if end - begin == 1 or one_of:
            for k in range(count):
                x[row, k] = 1.0 - p
                y[row, k] = 0.0
            for r in range(begin, end):
                j = member[r]
                for k in range(count):
                    x[row, k] += scale * vr[j, k]
                    y[row, k] += scale * vi[j, k]
        else:
            product_except(begin, end, member, -1, -1, vr, vi, ur, ui, count, x, y, row)
            for k in range(count):
                x[row, k] = 1.0 - p + p * x[row, k]
                y[row, k] = p * y[row, k]
        return
    if one_of:
        scale = p / (end - begin)
        for k in range(count):
            x[row, k] = scale * (ur[chosen, k] if weighted else vr[chosen, k])
            y[row, k] = scale * (ui[chosen, k] if weighted else vi[chosen, k])
        return
    product_except(begin, end, member, -1, chosen if weighted else -1, vr, vi, ur, ui, count, x, y, row)
    for k in range(count):
        x[row, k] *= p
        y[row, k] *= p


@njit(**OPTIONS)
def product_except(begin, end, member, skip, weighted, vr, vi, ur, ui, count, x, y, row):
    """Product over the members but ``skip`` of v, with u instead of v for ``weighted``."""
    for k in range(count):
        x[row, k] = 1.0
        y[row, k] = 0.0
    for r in range(begin, end):
        j = member[r]
        if j == skip:
            continue
        for k in range(count):
            re = ur[j, k] if j == weighted else vr[j, k]
            im = ui[j, k] if j == weighted else vi[j, k]
            x[row, k], y[row, k] = x[row, k] * re - y[row, k] * im, x[row, k] * im + y[row, k] * re


@njit(cache=True, nogil=True)
def single(j, a, b, own, kind, lows, highs, atom_start, atom_values, atom_weights, moments):
    """One feature alone: E z+^2 - 2 [own] E x z+ for z = b + a x, with its derivatives in a and b."""
    value = da = db = 0.0
    if kind[j] == 1:
        for r in range(atom_start[j], atom_start[j + 1]):
            x, p = atom_values[r], atom_weights[r]
            z = b + a * x
            if z > 0.0:
                value += p * (z * z - 2.0 * own * x * z)
                db += 2.0 * p * (z - own * x)
                da += 2.0 * p * x * (z - own * x)
        return value, da, db
    low, high = lows[j], highs[j]
    y_low, y_high = b + a * low, b + a * high
    if y_low <= 0.0 and y_high <= 0.0:
        return 0.0, 0.0, 0.0
    m1, m2 = moments[j, 1], moments[j, 2]
    if y_low >= 0.0 and y_high >= 0.0:
        value = b * b + 2.0 * a * b * m1 + a * a * m2 - 2.0 * own * (b * m1 + a * m2)
        db = 2.0 * (b + a * m1) - 2.0 * own * m1
        da = 2.0 * (b * m1 + a * m2) - 2.0 * own * m2
        return value, da, db
    # z > 0 on a part of length d of the support, from the root x0 to one end
    width = high - low
    y = max(y_low, y_high)
    size = abs(a)
    d = y / size
    side = 1.0 if y_high > 0.0 else -1.0
    end = high if y_high > 0.0 else low
    x0 = end - side * d
    one = d * (x0 + 0.5 * side * d) / width  # E x, E x^2 over the positive part, E z, E z^2, E x z
    two = d * (x0 * x0 + side * x0 * d + d * d / 3.0) / width
    z1 = 0.5 * y * d / width
    z2 = y * y * d / (3.0 * width)
    xz = size * (0.5 * x0 * d * d + side * d * d * d / 3.0) / width
    value = z2 - 2.0 * own * xz
    db = 2.0 * z1 - 2.0 * own * one
    da = 2.0 * xz - 2.0 * own * two
    return value, da, db
