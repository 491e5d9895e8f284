"""What the command line and the Pulumi provider share: the AWS account, and error messages."""
