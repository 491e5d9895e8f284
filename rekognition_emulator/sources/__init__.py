"""The sources of manifests for CreateDataset: folders and S3."""
