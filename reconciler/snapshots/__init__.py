"""Copies of live entries, written before they are deleted, and the places where they are written."""
