"""What the odd item of a display may differ in, one kind a file."""
