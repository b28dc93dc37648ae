"""Who may ask for what, and how often: keys, their scopes, and rates."""
