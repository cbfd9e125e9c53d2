"""Distances and similarities of two pictures or heatmaps pixel by pixel, one a file."""
