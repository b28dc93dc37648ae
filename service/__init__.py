"""Question -> a cited answer -> JSON and HTML.

`answering` knows no HTTP, `web` puts it behind HTTP, `loading` opens an index with its models, and
`commands` are what `quoth` runs. Nothing is imported here, so that each part costs only what it needs.
"""
