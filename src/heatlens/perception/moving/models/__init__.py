"""Models of saliency for films, one a file; their registry is `heatlens.perception.MOVING`."""
