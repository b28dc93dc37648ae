"""Building, size, memory, latency and recall as passages grow, for each kind of FAISS index.

Run with `python -m eval.benchmark.growth`. It measures the search structures alone: the dense index and BM25
are built from generated vectors and texts and searched directly. The store of articles and texts (SQLite) and
the builder (reading, splitting, embedding, publishing) take no part, so no figure here includes their time,
memory or disk space.
"""
