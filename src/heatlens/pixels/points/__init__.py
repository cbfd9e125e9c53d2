"""Points as a density on a picture's grid."""
