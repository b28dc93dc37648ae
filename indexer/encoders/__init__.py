"""The encoders behind `indexer.encoder.Encoder`, and where on this machine their files are."""
