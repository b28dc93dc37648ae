"""What more passages cost, with every kind of FAISS index: `python -m eval.benchmark.growth`."""
