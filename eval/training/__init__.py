"""How the span readers are made: from data to shipped weights."""
