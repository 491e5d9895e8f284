"""The operations of the service, the jobs they start, and the life of projects and datasets."""
