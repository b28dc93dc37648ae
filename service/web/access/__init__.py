"""Access control: API keys and their scopes, cross-site requests, host names, rate limits."""
