"""Entropic transport: Sinkhorn's algorithm, and its debiased divergence as a loss.

| file | what it holds |
|---|---|
| `sinkhorn` | a plan between two arrays of masses, with a certified bracket of the exact value |
| `points`, `grid` | the debiased divergence with gradients: of point clouds, of images |
| `annealing` | the iteration that both share: from a large blur down to a small one |
| `schedule` | the blurs in between |
| `dense`, `convolution` | sums against the kernel, for points and for grids |
| `loss` | checks of tensors, and the gradient by the envelope theorem |

With costs |x - y|^p a blur s belongs to epsilon = p s^p: the kernel exp(-|x - y|^p / epsilon) is
a Gaussian of standard deviation s where p = 2.
"""
