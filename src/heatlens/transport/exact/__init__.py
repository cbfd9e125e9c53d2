"""Exact optimal transport: a network simplex on dense costs, and its certificate.

| file | what it holds |
|---|---|
| `emd` | one pair: value, plan, potentials, gap |
| `batch` | many pairs in one call: `emd_batch`, `emd_matrix` |
| `problem` | what is left to solve: policies, ground costs |
| `simplex` | the loop, the certificate |
| `twofold` | the same proof in twice the precision, where costs lie far apart |
| `start` | the first basis, masses as whole units |
| `coarse` | prices to start from, off a coarser problem |
| `tree` | the basis as a tree, and the exchange of an arc |
| `lowest` | the minimum that most of the time goes into |
| `pairs`, `collection` | the loop over many pairs, and their layout |
| `transport` | what a solution is: `Transport` |
| `costs` | ground costs in compiled code |
"""
