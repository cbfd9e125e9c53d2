"""From pictures, heatmaps and ready signatures to rows of an index."""
