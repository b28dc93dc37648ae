"""The passages to read for a question: both searches fused, copies counted once."""
