"""Where CreateDataset finds manifests: folders and S3."""
