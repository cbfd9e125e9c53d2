"""The version of heatlens."""

__version__ = "0.1.0"
