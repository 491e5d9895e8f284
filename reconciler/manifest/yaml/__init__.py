"""Manifests in YAML: the short form for people, read token by token so that every value keeps its place."""
