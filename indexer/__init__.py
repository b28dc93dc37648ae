"""Articles -> passages -> vectors and terms -> a published index generation.

Start at `build.build` (a folder becomes an index) and `engines.faiss.index.open_index` (an index answers
searches). Nothing is imported here, so that each part costs only what it needs.
"""
