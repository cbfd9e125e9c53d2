"""One picture in the texture of another, by sliced transport of its patches."""
