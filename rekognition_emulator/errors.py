"""The errors of the service: one Python exception, and the default text of every AWS exception.

Sources: Rekognition Developer Guide, Error handling (body, texts); API Reference, Errors of each operation (HTTP
statuses); botocore service-2.json (`fault` marks the 500s). Texts marked [I] are the emulator's own; AWS has none.
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
    # The front end of AWS raises these before the service is asked; the service model does not have them.
    "ExpiredTokenException": "The security token included in the request is expired",
    "IncompleteSignatureException": "Authorization header requires 'Credential' parameter.",
    "InvalidSignatureException": (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    ),
    "MissingAuthenticationTokenException": "Missing Authentication Token",
    "RequestEntityTooLargeException": "The request is too large.",  # [I]
    "SerializationException": "The request body could not be read.",
    "UnknownOperationException": "The operation is not known.",
    "UnrecognizedClientException": "The security token included in the request is invalid.",
    "ValidationException": "1 validation error detected",
}
"""The default text of every exception that the emulator can raise."""

SERVER_SIDE = frozenset({"InternalServerError", "ThrottlingException"})
"""The exceptions with HTTP status 500; all others have 400."""


class ServiceError(Exception):
    """An exception of AWS, which the client receives as an error body.

    `code` is AWS's name of the exception, `message` its text (by default that of MESSAGES), `status` the HTTP status.
    """

    def __init__(self, code: str, message: str | None = None, status: int | None = None) -> None:
        self.code = code
        self.message = MESSAGES.get(code, code) if message is None else message
        self.status = status or (500 if code in SERVER_SIDE else 400)
        super().__init__(f"{code}: {self.message}")


def not_found(arn: str) -> ServiceError:
    """The exception for an ARN without a resource. AWS documents "various messages"; this one is the emulator's own."""
    return ServiceError("ResourceNotFoundException", f"The resource {arn} was not found.")


def in_use(why: str) -> ServiceError:
    """The exception for a busy resource: AWS's text, followed by the reason."""
    return ServiceError("ResourceInUseException", f"{MESSAGES['ResourceInUseException']} {why}")
