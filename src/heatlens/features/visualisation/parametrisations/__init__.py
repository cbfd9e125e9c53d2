"""What gradient ascent changes: pictures as functions of parameters.

| file | what it gives |
|---|---|
| `parametrisation` | what all have in common; the registry; `parametrised` makes one by name |
| `colour` | colours whose channels are uncorrelated over photographs, and pixels in 0..1 |
| `spectrum` | frequencies of a picture's spectrum, and the variance that a spectrum means |
| `natural` | the spectrum of photographs: measured, or by its law |
| `pixels`, `fourier`, `laplacian`, `cppn`, `maco` | one parametrisation each |
"""
