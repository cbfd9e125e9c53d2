"""Networks of Keras 3, on whichever of its backends is at work."""
