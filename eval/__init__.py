"""The evaluation: question sets, metrics, runs and reports; studies, benchmarks, campaigns and training."""
