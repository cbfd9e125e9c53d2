"""One kind of picture features a file; see `heatlens.importance.pictures.kind`."""
