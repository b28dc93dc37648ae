"""The server process: from a listening socket to requests, within bounds on time and number."""
