"""Question -> retrieved passages -> spans -> a cited Answer. Knows no HTTP and no engine.

Start at `answerer.Answerer`.
"""
