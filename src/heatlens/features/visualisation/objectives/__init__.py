"""What gradient ascent looks for: objectives, one a file, that can be added and multiplied.

| file | what it gives |
|---|---|
| `objective` | what all have in common, and the algebra |
| `anatomy` | what a network's layers look like for canvases of one size |
| `words` | `as_objective`: "layer4:12 - 0.5 * layer4:7" as an objective |
| `neuron`, `channel`, `layer`, `direction`, `logit` | one unit, many cells, a whole layer, any direction, a score |
| `caricature`, `style`, `match` | like a picture: what is special about it, its texture, all of it |
| `alignment`, `diversity` | between the canvases of one batch |
"""
