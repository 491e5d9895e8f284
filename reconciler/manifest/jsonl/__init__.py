"""Manifests in JSON Lines, AWS's own form."""
