"""Attribution: which pixels a model's score comes from, one method a file."""
