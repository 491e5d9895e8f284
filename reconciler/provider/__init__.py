"""The Pulumi shell: the resource that programs declare and the dynamic provider that the engine drives."""
