"""The embedded engine: FAISS for vectors, BM25 postings for terms and SQLite for texts, in one folder.

Start at `index.open_index`. `storage` defines the layout on disk, `publication` writes generations.
"""
