"""Links into the AWS console.

The addresses are those that AWS's own samples and the console itself use; AWS documents none of them.

Knows addresses. Refuses to know who shows them.
"""

from reconciler.review.model import DatasetReview

__all__ = ["console", "project_link"]


def console(region: str | None) -> str:
    """The console's address for a region, without a slash at its end; each partition has its own domain."""
    if not region:
        return "https://console.aws.amazon.com"
    if region.startswith("cn-"):
        return f"https://{region}.console.amazonaws.cn"
    if region.startswith("us-gov-"):
        return f"https://{region}.console.amazonaws-us-gov.com"
    return f"https://{region}.console.aws.amazon.com"


def project_link(dataset: DatasetReview) -> str | None:
    """The page of a dataset's project, from where its datasets are one step; None while no ARN names it."""
    parts = (dataset.project_arn or "").split(":project/")
    if len(parts) != 2 or not dataset.region:
        return None
    name = parts[1].partition("/")[0]
    return f"{console(dataset.region)}/rekognition/custom-labels?region={dataset.region}#/projects/{name}"
