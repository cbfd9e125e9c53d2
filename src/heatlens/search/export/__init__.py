"""Signatures in other engines, searched exactly there.

| file | what it gives |
|---|---|
| `rule` | how far apart, in the engine's L1, two signatures within a distance can lie at most |
| `rerank` | the exact distances of what an engine has found, and whether they are the nearest |
| `pgvector`, `pgvector_table` | PostgreSQL with the extension `vector`: exact and approximate search; its table and rows |
| `qdrant` | Qdrant: collection, points, requests, exact search |
| `rows` | what both keep of a signature |
| `stored` | the rows of an index, for the tables of both |

Both engines work alike: a first answer by L1 gives a threshold, a second one brings all that can
lie within it, and the exact distances decide. No client library is imported here.
"""
