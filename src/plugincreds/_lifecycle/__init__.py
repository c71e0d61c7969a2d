"""The life of a source's credentials: when they are retrieved, refreshed and reported."""
