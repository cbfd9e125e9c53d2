"""How several features become one map, one way a file."""
