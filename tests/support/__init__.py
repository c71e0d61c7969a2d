"""What the functional tests and the demo use: a server that checks, and fresh environments."""
