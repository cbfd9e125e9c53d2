"""How alike two descriptions of pixels are, one measure a file."""
