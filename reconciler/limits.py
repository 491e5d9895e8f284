"""The limits of Custom Labels datasets, one table with its sources.

Sources, by short name:
    model: botocore `rekognition/2016-06-27/service-2.json`;
    limits: Custom Labels Developer Guide, "Guidelines and quotas in Amazon Rekognition Custom Labels";
    rules: Custom Labels Developer Guide, "Validation rules for manifest files";
    update: API Reference, UpdateDatasetEntries;
    errors: Custom Labels Developer Guide, "Non-terminal JSON line validation errors".
"""

import re
from typing import Final

# The model allows a blob of 5,242,880 bytes, the prose says "less than 5MB": strictly below both. [model, update]
BATCH_BYTES: Final = 4_999_999
# A manifest that a dataset is created from: "1 GB". [limits]
MANIFEST_BYTES: Final = 1_000_000_000
# Longer lines are dropped without an error. [rules]
LINE_CHARACTERS: Final = 100_000
# More invalid lines than this share and an import fails; whether an update does, AWS does not say. [rules]
INVALID_SHARE: Final = 0.2
# Images per dataset, and lines per manifest. [limits, rules]
DATASET_ENTRIES: Final = 250_000
# GitHub warns of a file in git from this size on, and refuses one beyond the second.
# Source: GitHub Docs, "About large files on GitHub", File size limits (50 MiB and 100 MiB).
WARNED_FILE_BYTES: Final = 50 * 2**20
REFUSED_FILE_BYTES: Final = 100 * 2**20
# Distinct labels per dataset. [limits]
DATASET_LABELS: Final = 250
# Bounding boxes per image. [limits]
BOXES_PER_IMAGE: Final = 50
# Width and height of an image in pixels. [limits]
IMAGE_SIDE_MIN_PX: Final = 64
IMAGE_SIDE_MAX_PX: Final = 4096
# Bytes of an image's file: 15 MB, of which the smaller reading is safe. [limits]
IMAGE_FILE_BYTES: Final = 15_000_000
# A box must be larger than 1 x 1 pixel. [errors: ERROR_BOUNDING_BOX_TOO_SMALL]
BOX_SIDE_MIN_PX: Final = 1
# The model says 255, the error's text 256: the smaller one is safe. [model: DatasetLabel]
LABEL_CHARACTERS: Final = 255
# An S3 key (1,024 bytes) and its bucket; the model's SourceRefContains takes this many. [model: QueryString]
KEY_CHARACTERS: Final = 2_048
# [model: ProjectName]
PROJECT_NAME_PATTERN: Final = r"[a-zA-Z0-9_.\-]{1,255}"
# A role's ARN: partition, account, path and name. [IAM User Guide, "IAM ARNs"; STS API Reference, AssumeRole]
ROLE_ARN_PATTERN: Final = r"arn:([a-z\d-]+):iam::(\d{12}):role/(?:[!-~]+/)?[\w+=,.@-]{1,64}"
# Ours, not AWS's: deeper JSON is refused, because no label format is nested so deeply, and parsers differ beyond it.
NESTING: Final = 50

# Dollars for 1,000 requests of S3 Standard in us-east-1, by operation, and for a GB that leaves a Region for the
# internet. (Amazon S3 pricing; other Regions and storage classes differ)
S3_PRICES: Final = {"ListObjectsV2": 0.005, "HeadObject": 0.0004, "GetObject": 0.0004}
S3_PRICE_OUT: Final = 0.09

# Ours: how many requests to S3 a run makes at once.
S3_AT_ONCE: Final = 16

# Projects that one DescribeProjects finds by name. [model: ProjectNames]
PROJECT_NAMES: Final = 10
# Calls per second of each operation, for an account in a Region (AWS General Reference, Rekognition endpoints and
# quotas); the quota can be raised.
CALLS_PER_SECOND: Final = 5
# What a run makes of them, so that other programs of the account have room.
DEFAULT_RATE: Final = 4.0
_FASTEST_RATE: Final = 100.0
_RATE: Final = r"[0-9]{1,3}(\.[0-9]{1,3})?"
RATE_WORDS: Final = f"a number of calls per second, above 0 and at most {_FASTEST_RATE:g}"


def rate_of(text: str) -> float | None:
    """Calls per second as a user writes them (`4`, `0.5`); None for anything else."""
    rate = float(text) if re.fullmatch(_RATE, text) else 0.0
    return rate if 0 < rate <= _FASTEST_RATE else None
