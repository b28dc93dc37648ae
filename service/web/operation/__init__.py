"""The running service: generations, the queue, logs, metrics, stopping."""
