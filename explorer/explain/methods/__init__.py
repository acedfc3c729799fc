"""One file per method. `explorer.explain.registry` finds every file here that defines `METHOD`."""
