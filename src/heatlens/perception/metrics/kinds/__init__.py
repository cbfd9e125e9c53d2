"""The metrics, one a file."""
