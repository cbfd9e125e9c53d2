"""Methods that follow the gradient to the pixels."""
