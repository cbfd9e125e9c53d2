"""Jensen-Shannon divergence: the mean of KL(p, m) and KL(q, m), with m = (p + q) / 2.

Lin: Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory
37(1), 1991.
"""

from __future__ import annotations

import math

import numpy as np

from heatlens.distributions.measure import Grids, register

__all__ = ["jensen_shannon"]


@register("js", unit="nats", highest=math.log(2))
def jensen_shannon(grids: Grids) -> float:
    """Symmetric and finite kin of KL; its square root is a metric. ln 2 = .693: nothing shared.

    Example:
        >>> import numpy as np
        >>> a, b = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
        >>> round(jensen_shannon(Grids(a, b, 1.0)), 6)
        0.693147
    """
    from scipy.special import rel_entr

    p, q = grids.shares
    middle = (p + q) / 2
    middle = np.where(middle > 0, middle, p + q)  # half of the least number there is would be 0
    found = float((rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2)
    return min(max(0.0, found), math.log(2))
