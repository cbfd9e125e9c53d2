"""Steps before the features, one a file: what a picture is cleaned and normalised by."""
