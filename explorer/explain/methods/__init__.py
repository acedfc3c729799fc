"""One file a method. `explorer.explain.registry` finds every file here that defines `METHOD`."""
