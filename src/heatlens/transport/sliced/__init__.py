"""Sliced transport: distances on a line, averaged or maximised over directions.

| file | what it gives |
|---|---|
| `sliced` | `sliced_wasserstein`: the mean over random directions, with its standard error |
| `maximum` | `max_sliced_wasserstein`: the direction in which two sides are farthest apart |
| `patches` | `patch_distance`: how alike two pictures are in their small patches |
| `pyramid` | bands of frequencies, one octave each |
| `directions` | directions, and what is projected onto them |
"""
