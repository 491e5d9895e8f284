"""The Pulumi engine's wire forms: properties, URNs, a trace of calls."""
