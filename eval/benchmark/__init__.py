"""Side-by-side measurements of Quoth's parts against what could stand in their place."""
