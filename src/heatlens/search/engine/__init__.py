"""The exact search in compiled code, on arrays that lie on disk.

| file | what it holds |
|---|---|
| `working_set`, `files` | the arrays, derived from the table; files that only grow |
| `clusters` | embeddings in clusters, a byte a number |
| `ground` | Euclidean space or a circle |
| `nearest` | the search: look at all, look closer, solve |
| `scan`, `absolute` | the first look, at bytes |
| `tighten` | the second, by dual bounds |
| `solve`, `exact` | the last, exact |
"""
