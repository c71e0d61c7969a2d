"""Finding and loading plugins: distributions, entry points, getters."""
