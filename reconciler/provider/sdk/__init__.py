"""What Pulumi's SDK does not offer to a dynamic provider: cancellation, partial failures, the engine's log."""
