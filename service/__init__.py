"""Question -> retrieved passages -> spans -> a cited Answer -> JSON, HTML.

Start at `answerer.Answerer`, which knows no HTTP, and `app.create_app`, which puts it behind HTTP.
"""
