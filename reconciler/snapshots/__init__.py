"""Copies of live entries that are kept before they are deleted, and the places where they are kept."""
