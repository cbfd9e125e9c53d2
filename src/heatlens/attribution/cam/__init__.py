"""Class activation maps: evidence on the grid of a layer."""
