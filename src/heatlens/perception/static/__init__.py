"""Models of saliency for still pictures, one a file; see `heatlens.perception.model`."""
