"""Ways of estimating optical flow, one a file."""
