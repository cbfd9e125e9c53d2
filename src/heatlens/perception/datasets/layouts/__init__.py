"""How data sets of fixations lie in folders, one a file."""
