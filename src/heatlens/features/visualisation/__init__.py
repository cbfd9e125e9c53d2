"""Feature visualisation by gradient ascent: objective, parametrisation, transforms.

| file or folder | what it gives |
|---|---|
| `visualize` | `visualize`: a picture that makes an objective large |
| `inversion`, `interpolation` | `invert`: a picture from an answer; `between`: from one objective to another |
| `objectives/` | what the ascent looks for |
| `parametrisations/` | what it changes |
| `transforms/` | what the picture goes through before the network sees it |
| `regularisers` | what a picture pays for being unlike a photograph |
| `ascent`, `canvas`, `result` | the steps; the canvas a model wants; what comes back |
"""
