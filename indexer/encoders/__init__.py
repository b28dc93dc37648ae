"""Encoders: the protocol `encoder.Encoder`, its implementations, and how their files are found."""
