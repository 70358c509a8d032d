"""The order at which a function leaves its tangent."""

import numpy as np


def slope(f, x, derivative, direction=1.0):
    """Slope of log |f(x + εv) − f(x) − ε f'(x)·v| over log ε: 2 if the derivative is right, None if nothing is left."""
    steps = np.array([1e-3, 2.5e-4])
    left = [abs(f(x + e * direction) - f(x) - e * float(np.sum(derivative * direction))) for e in steps]
    if max(left) <= 1e-14 * max(1.0, abs(f(x))):
        return None
    return float(np.log(left[0] / left[1]) / np.log(steps[0] / steps[1]))
