"""The commands of `reconciler`: one module per command, with one function of the same name."""
