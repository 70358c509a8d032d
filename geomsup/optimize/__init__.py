"""Search for the best arrangement: `minimize`, and its methods.

=====================================  ==============================================================
:mod:`~geomsup.optimize.minimize`      the search from outside: what is asked, and what starts it
:mod:`~geomsup.optimize.multistart`    the search from inside: starts, hops, finish
:mod:`~geomsup.optimize.starts`        random starts of mixed scale, and spread out; hops
:mod:`~geomsup.optimize.lbfgs`         L-BFGS for many instances at once
:mod:`~geomsup.optimize.settle`        from near the bottom of a basin to the bottom
:mod:`~geomsup.optimize.newton`        Hessian modulo rotations, polish, kind of a critical point
:mod:`~geomsup.optimize.large`         the same for many parameters: part by part, then the whole
:mod:`~geomsup.optimize.parts`         an arrangement taken apart into smaller problems
:mod:`~geomsup.optimize.truncated`     Newton steps from products with the Hessian
:mod:`~geomsup.optimize.row_hessians`  second derivatives of the rows
:mod:`~geomsup.optimize.in_order`      work by threads, results in order
:mod:`~geomsup.optimize.distinct`      when two arrangements are the same
:mod:`~geomsup.optimize.objective`     the loss as a function of one vector
:mod:`~geomsup.optimize.solution`      Solution, Minimum, Status
=====================================  ==============================================================
"""

from geomsup.optimize.minimize import minimize
from geomsup.optimize.multistart import MultistartLBFGS
from geomsup.optimize.solution import Minimum, Progress, Solution, Status

__all__ = ["Minimum", "MultistartLBFGS", "Progress", "Solution", "Status", "minimize"]
