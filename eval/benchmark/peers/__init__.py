"""Quoth compared with Haystack and txtai: the same passages, questions, encoder and reader weights."""
