"""A candidate -> the probability that it is right, and what lowers it. Pure."""
