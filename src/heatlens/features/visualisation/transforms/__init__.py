"""What a picture goes through before the network sees it, anew in each step of the ascent.

A feature that only one exact grid of pixels shows is noise to a person; one that survives small
shifts, turns and changes of scale is a shape.

| file | what it gives |
|---|---|
| `transform` | what all have in common; the registry |
| `composed` | several as one function, neighbouring geometric ones in one resampling; named sets |
| `words` | from text: `"pad(12), jitter(8), rotate(10)"` |
| `warp` | resampling by a 3 x 3 matrix |
| `draws` | random numbers, one generator for all rows or one each |
| `jitter`, `scale`, `rotate`, `pad`, `crop` | geometric ones |
| `blur`, `noise` | ones that change values |
"""
