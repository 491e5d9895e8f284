"""Faults on purpose: a plan says what goes wrong and when, an engine makes it happen and keeps a log."""
