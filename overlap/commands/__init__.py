"""The commands of `overlap`, a module each."""
