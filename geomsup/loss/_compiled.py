"""Compiled loops over rows and instances around the row kernels."""

import numpy as np
from numba import njit

from geomsup.loss import _compiled_series as series
from geomsup.loss import _compiled_spline as spline

series_row, series_workspace = series.series_row, series.workspace
spline_row, spline_workspace = spline.spline_row, spline.workspace


@njit(cache=True, nogil=True)
def spline_rows(M, b, rows, weights, active, law, budget, with_error):
    """Value, error bound, gradient of every listed row, summed over the states of the sets; nodes < 0: not done."""
    n = b.size
    kind, low, high, atom_start, atom_values, atom_weights, moments = law
    value, error, nodes = np.zeros(rows.size), np.zeros(rows.size), np.zeros(rows.size, np.int64)
    gradient = np.zeros((rows.size, n + 1))
    slope = np.zeros(n + 1)
    work = spline_workspace(budget, moments.shape[1])
    for r in range(rows.size):
        i = rows[r]
        for state in range(weights.size):
            square, cross, bound, count = spline_row(
                M[i], b[i], i, active[state], kind, low, high, atom_start, atom_values, atom_weights, moments, budget,
                with_error, slope, work,
            )
            if count < 0:
                nodes[r] = -1
                break
            weight = weights[state]
            value[r] += weight * (square - 2.0 * cross)
            error[r] += weight * bound
            nodes[r] += count
            for j in range(n + 1):
                gradient[r, j] += weight * slope[j]
    return value, error, nodes, gradient


@njit(cache=True, nogil=True)
def series_rows(M, b, rows, terms, groups, law, with_gradient, block):
    """Value, middle and half gap of the sandwich, sum of |terms| and gradient of every listed row."""
    n = b.size
    value, middle, gap, size = np.zeros(rows.size), np.zeros(rows.size), np.zeros(rows.size), np.zeros(rows.size)
    gradient = np.zeros((rows.size, n + 1))
    slope = np.zeros(n + 1)
    work = series_workspace(n, groups[2].size, block)
    for r in range(rows.size):
        i = rows[r]
        value[r], middle[r], gap[r], size[r] = series_row(
            M[i], b[i], i, terms[r], with_gradient, groups, law, slope, work
        )
        for j in range(n + 1):
            gradient[r, j] = slope[j]
    return value, middle, gap, size, gradient


@njit(cache=True, nogil=True)
def batch(M, b, importance, own_square, weights, active, groups, law, terms, budget, loss, dM, db):
    """Loss and gradient of many instances at one fidelity.

    A row is done by the spline recursion where that needs at most ``budget`` nodes, otherwise by ``terms`` frequencies.
    """
    n = b.shape[1]
    kind, low, high, atom_start, atom_values, atom_weights, moments = law
    slope = np.zeros(n + 1)
    spline_work = spline_workspace(max(budget, 1), moments.shape[1])
    series_work = series_workspace(n, groups[2].size, max(1, min(terms, 256)))
    for instance in range(loss.size):
        total = 0.0
        for i in range(n):
            scale = importance[i]
            for j in range(n):
                dM[instance, i, j] = 0.0
            db[instance, i] = 0.0
            if scale == 0.0:
                continue
            total += scale * own_square[i]
            done = budget > 0
            square = 0.0
            if done:
                for state in range(weights.size):
                    value2, value1, _, nodes = spline_row(
                        M[instance, i], b[instance, i], i, active[state], kind, low, high, atom_start, atom_values,
                        atom_weights, moments, budget, False, slope, spline_work,
                    )
                    if nodes < 0:
                        done = False
                        break
                    weight = scale * weights[state]
                    square += weight * (value2 - 2.0 * value1)
                    for j in range(n):
                        dM[instance, i, j] += weight * slope[j]
                    db[instance, i] += weight * slope[n]
            if not done:
                value, _, _, _ = series_row(
                    M[instance, i], b[instance, i], i, terms, True, groups, law, slope, series_work
                )
                square = scale * value
                for j in range(n):
                    dM[instance, i, j] = scale * slope[j]
                db[instance, i] = scale * slope[n]
            total += square
        loss[instance] = total
