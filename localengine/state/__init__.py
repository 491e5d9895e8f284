"""Stacks on disk: deployments and their secrets."""
