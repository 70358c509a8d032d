"""What tensor libraries offer, without one."""

import numpy as np


class Tensor:
    """Behaves like a tensor that carries gradients: NumPy can read it only after detach()."""

    def __init__(self, values, attached=True):
        self.values, self.attached = values, attached

    def detach(self):
        return Tensor(self.values, attached=False)

    def __array__(self, dtype=None, copy=None):
        if self.attached:
            raise RuntimeError("call detach() first")
        return np.asarray(self.values, dtype=dtype)
