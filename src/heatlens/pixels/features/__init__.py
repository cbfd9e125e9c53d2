"""What is measured at every pixel, one feature a file."""
