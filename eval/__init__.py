"""Question sets, metrics, runs and studies: how good Quoth is, and how its choices were made."""
