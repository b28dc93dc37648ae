"""The chat widget: modules that a browser loads as they are, served to any site."""
