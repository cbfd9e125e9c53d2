"""Methods that change the input and look what becomes of the score; they need no gradient."""
