"""The HTML pages, which work without JavaScript."""
