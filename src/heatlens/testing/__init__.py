"""Ground truth and conformance checks that third parties can run on their own models and methods."""
