"""Lower bounds of the exact W1 between signatures: what spares the exact solution.

One bound a file; all hold for equal totals and the Euclidean ground distance.
"""
