"""What to look at again: pictures whose heat lies where it should not."""
