"""Measurements of speed, memory and size, and comparisons with alternatives to Quoth's parts."""
