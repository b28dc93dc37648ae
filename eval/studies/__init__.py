"""Ablations, comparisons and calibrations that chose the defaults; each is a command of its own."""
