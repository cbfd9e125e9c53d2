"""JAX functions, Flax and Equinox modules."""
