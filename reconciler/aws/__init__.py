"""The connection to AWS: only this package imports boto3, sleeps, or reads the clock."""
