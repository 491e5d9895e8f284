"""The edge to AWS: the only rooms that import boto3, sleep, or read the clock."""
