"""Regions of a picture and its border: what boolean maps and barrier distances are made of."""
