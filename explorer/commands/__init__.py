"""The command line, a file for each kind of command; what a command needs is imported when it runs."""
