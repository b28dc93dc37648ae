"""The encoders behind `indexer.encoders.encoder.Encoder`, and where on this machine their files are."""
