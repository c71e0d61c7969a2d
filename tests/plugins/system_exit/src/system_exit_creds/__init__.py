"""A plugin that thinks that it is a program."""

raise SystemExit("this module leaves on purpose")
