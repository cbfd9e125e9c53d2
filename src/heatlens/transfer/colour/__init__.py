"""One picture in the colours of another, by transport in CIELAB."""
