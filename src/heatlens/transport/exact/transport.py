"""What an exact solution is."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.sparse import coo_array

from heatlens.transport.mass import Floats

__all__ = ["Transport"]


@dataclass(frozen=True, eq=False)
class Transport:
    """An optimal plan and the proof that it is one.

    Attributes:
        value: sum of plan x cost; with a penalty, that of the mass made and destroyed included.
        plan: sparse (n, m); entry (i, j) is the mass carried from i to j.
        potentials: u (n,) and v (m,) with u_i + v_j <= cost_ij everywhere, and equal where mass
            is carried: the prices at which nobody could carry it for less. Where mass may stay
            behind (or be made) its price there is at most 0 (at most the penalty).
        gap: how much less any plan could cost at most, by the potentials; 0 up to rounding.
        exact: whether the gap is proved to be within 1e-9 of the value. What `emd` hands out always
            is; another solver's result may not be. The masses are those of float64: what their
            rounding, 1e-16 of the total, would cost over the dearest ways is not in the gap.
    """

    value: float
    plan: coo_array
    potentials: tuple[Floats, Floats]
    gap: float
    exact: bool

    def __repr__(self) -> str:
        """Value, gap and size of the plan in one line."""
        n, m = self.plan.shape
        exact = "exact" if self.exact else "NOT exact"
        return (
            f"Transport({self.value:.6g}, {exact}, gap {self.gap:.1e}, {self.plan.nnz} arcs of "
            f"{n} x {m})"
        )
