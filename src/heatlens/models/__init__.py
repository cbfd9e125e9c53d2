"""Models: what a method may ask of one, and where they come from."""
