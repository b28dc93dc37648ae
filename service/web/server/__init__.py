"""The server process: a listening socket -> requests, with limits on time, size and number."""
