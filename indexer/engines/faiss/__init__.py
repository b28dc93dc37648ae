"""The embedded engine: FAISS for vectors, BM25 postings for terms and SQLite for texts, in one folder.

Start at `index.open_index`. `storage` has the layout on disk, `publication` how a generation gets there.
"""
