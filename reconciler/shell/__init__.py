"""What the command line and the Pulumi provider have in common: the account they work in, and sentences for faults."""
