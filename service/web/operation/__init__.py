"""The service in operation: which generation is served, who waits, what is logged and counted, the end."""
