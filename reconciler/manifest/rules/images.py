"""The rules of images, which `--check-images` looks at.

Sources, by short name:
    limits: Custom Labels Developer Guide, "Guidelines and quotas in Amazon Rekognition Custom Labels";
    training: Custom Labels Developer Guide, "Debugging a failed model training" (ERROR_INVALID_IMAGE).
"""

from typing import Final

from reconciler.limits import IMAGE_FILE_BYTES, IMAGE_SIDE_MAX_PX, IMAGE_SIDE_MIN_PX
from reconciler.rule import Rule, error, note

_LIMITS: Final = "Custom Labels Developer Guide, Guidelines and quotas"
_TRAINING: Final = "Custom Labels Developer Guide, Debugging a failed model training"
_S3: Final = "Amazon S3 API Reference"
_KMS: Final = "AWS KMS Developer Guide"

MISSING: Final = error(
    "image-missing",
    "there is no such image{where}",
    "upload the image, fix its address, or remove the entry",
    _TRAINING,
)
MISSING_OR_DENIED: Final = error(
    "image-missing-or-not-permitted",
    "the image is missing or not permitted: without s3:ListBucket, S3 gives one answer for both",
    "allow s3:ListBucket on the bucket and run again, or check the address and s3:GetObject",
    f"{_S3}, HeadObject",
)
DENIED: Final = error(
    "image-not-permitted",
    "the image may not be read: {reason}",
    "allow s3:GetObject on the images: Rekognition reads them with the caller's permissions",
    f"{_S3}, GetObject",
)
ARCHIVED: Final = error(
    "image-archived",
    "the image is archived (storage class {storage}), so that nothing can read it",
    "restore the object, or copy it to a storage class that can be read at once",
    f"{_S3}, GetObject, InvalidObjectState",
)
KMS: Final = error(
    "image-key-refused",
    "the key that encrypts the image refuses: {reason}",
    "allow kms:Decrypt and kms:GenerateDataKey on the key, in the IAM policy and in the key's own, and check that the "
    "key is enabled",
    _KMS,
)
EMPTY: Final = error("image-empty", "the file has 0 bytes", "upload the image again", _TRAINING)
FORMAT: Final = error(
    "image-not-jpeg-or-png",
    "the file is {kind}, whatever its name says; Custom Labels takes JPEG and PNG",
    "convert the image to JPEG or PNG",
    _LIMITS,
)
DAMAGED: Final = error(
    "image-damaged",
    "the file begins as {kind}, and its size in pixels cannot be read: it is cut off or damaged",
    "upload the image again",
    _TRAINING,
)
CUT: Final = error(
    "image-cut-off", "the file ends before the image does ({size:,} bytes)", "upload the image again", _TRAINING
)
TOO_LARGE: Final = error(
    "image-too-large",
    f"the file has {{size:,}} bytes; Custom Labels takes {IMAGE_FILE_BYTES // 10**6} MB",
    "save the image with more compression",
    _LIMITS,
)
SIDES: Final = error(
    "image-sides",
    f"the image has {{width}} x {{height}} pixels; each side must have {IMAGE_SIDE_MIN_PX} to {IMAGE_SIDE_MAX_PX}",
    "scale the image and its boxes, or remove the entry",
    _LIMITS,
)
SIZE: Final = error(
    "image-size-differs",
    "the image has {width} x {height} pixels, and its boxes were drawn on {stated}",
    "write the image's size and look at the boxes, or upload the image that was labelled",
)
TURNED: Final = note(
    "image-turned",
    "EXIF turns the image (orientation {turn}: {width} x {height} pixels as stored, {across} x {down} as shown)"
    "{stated}; whether the service turns images is not known",
    "save the image upright, without the orientation, and check that the boxes fit it",
)
UNDECIDED: Final = note(
    "image-not-decided", "not decided: {reason}", "look at the image, and run again where it could not be read"
)
DUPLICATE: Final = note(
    "image-duplicate", "the same bytes as {key} ({first})", "keep one of the two entries, with the labels of both"
)
LEAK: Final = note(
    "image-leak",
    "the same bytes as {key} of the training data ({first}): the score looks better than the model is",
    "remove one of the two entries",
)
OVERWRITTEN: Final = note(
    "image-overwritten",
    "the image was overwritten since it was checked last: look at its labels again",
    "check that the labels fit the new image; this is told once",
)
# The codes of all of them, which every view of a check shows.
CODES: Final = frozenset(one.code for one in list(globals().values()) if isinstance(one, Rule))
