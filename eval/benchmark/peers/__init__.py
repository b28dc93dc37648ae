"""Quoth beside Haystack and txtai: the same passages, questions, encoder and reader weights, in one run."""
