"""Campaigns that try to break Quoth on purpose: `python -m eval.reliability NAME`."""
