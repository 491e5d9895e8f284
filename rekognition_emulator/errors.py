"""What the service answers when it refuses: one exception, and AWS's texts in one table.

Sources: Rekognition Developer Guide, Error handling (body, texts); API Reference, Errors of each operation (HTTP
statuses); botocore service-2.json (`fault` marks the 500s). Texts marked [I] are ours: AWS prints none.
"""

from __future__ import annotations

MESSAGES = {
    "AccessDeniedException": "User: {user} is not authorized to perform: {action} on resource: {resource}.",
    "InternalServerError": "Internal server error",
    "InvalidPaginationTokenException": "Invalid Pagination Token",
    "InvalidParameterException": "Request has invalid parameters.",
    "InvalidS3ObjectException": (
        "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    ),
    "LimitExceededException": "The account has reached a service limit.",  # [I]
    "ProvisionedThroughputExceededException": "Provisioned Rate exceeded.",
    "ResourceAlreadyExistsException": "The resource already exists.",  # [I]
    "ResourceInUseException": "Specified resource is in use.",
    "ResourceNotFoundException": "The resource was not found.",  # [I]
    "ResourceNotReadyException": "The resource is not ready.",  # [I]
    "ServiceQuotaExceededException": "The resource has too many tags.",  # [I]
    "ThrottlingException": "Slow down; sudden increase in rate of requests.",
    # Answered by AWS's front end before the service: in no service model.
    "ExpiredTokenException": "The security token included in the request is expired",
    "IncompleteSignatureException": "Authorization header requires 'Credential' parameter.",
    "InvalidSignatureException": (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    ),
    "MissingAuthenticationTokenException": "Missing Authentication Token",
    "SerializationException": "The request body could not be read.",
    "UnknownOperationException": "The operation is not known.",
    "UnrecognizedClientException": "The security token included in the request is invalid.",
    "ValidationException": "1 validation error detected",
}
"""Default text of every exception the emulator can answer."""

SERVER_SIDE = frozenset({"InternalServerError", "ThrottlingException"})
"""Exceptions answered with HTTP 500; all others are 400."""


class ServiceError(Exception):
    """A refusal by the service: becomes an error body on the wire.

    `code` is AWS's name of the exception, `message` its text, `status` the HTTP status.
    """

    def __init__(self, code: str, message: str | None = None, status: int | None = None) -> None:
        self.code = code
        self.message = MESSAGES.get(code, code) if message is None else message
        self.status = status or (500 if code in SERVER_SIDE else 400)
        super().__init__(f"{code}: {self.message}")


def not_found(arn: str) -> ServiceError:
    """The refusal for an ARN that names nothing. The wording is ours: AWS documents "various messages"."""
    return ServiceError("ResourceNotFoundException", f"The resource {arn} was not found.")


def in_use(why: str) -> ServiceError:
    """The refusal for a resource that is busy, with the reason added to AWS's sentence."""
    return ServiceError("ResourceInUseException", f"{MESSAGES['ResourceInUseException']} {why}")
