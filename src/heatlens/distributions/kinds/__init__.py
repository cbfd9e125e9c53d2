"""Kinds of distributions, one constructor a file."""
