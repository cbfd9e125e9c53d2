"""Ways to group pixels into clusters, one a file."""
