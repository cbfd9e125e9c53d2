"""What the eye sees first in films: models that watch frame by frame, one model a file."""
