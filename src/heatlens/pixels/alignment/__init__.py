"""How one picture is laid on another, one way a file."""
