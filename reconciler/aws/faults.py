"""What the service's errors mean and what to do about each: one table.

Sources: the `errors` of each operation in botocore's service-2.json; Rekognition Developer Guide, "Error handling"
(which errors to retry); botocore's own client-side exceptions. `ValidationException` and the front end's errors about
credentials are not in the model: the first is documented for MaxResults in the API Reference, the others by
"Common Error Types" of AWS's API references.
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.aws.replies import TOO_LARGE, NotFromAws
from reconciler.errors import (
    AccessDenied,
    AlreadyThere,
    BadInput,
    InUse,
    Moved,
    NotFound,
    ReconcilerError,
    ServiceError,
    TooLarge,
)
from reconciler.text import inert, without_sign_in

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class Answer(Enum):
    """What to do about a fault."""

    RETRY = "the call did nothing: send it again after a pause"
    RETRY_UNSURE = "the call may have succeeded: send it again and expect that it is done"
    WAIT = "another operation is running: wait until it has ended and list live again"
    LOOK_AGAIN = "what was read is out of date: read it again from the start"
    ADOPT = "it is as it should be already: continue with what exists"
    STOP = "no retry helps: report what happened and what to do"


class Fault(Struct, frozen=True):
    """A classified error: what to do, and the exception for the user when no retry helped.

    `retry_for` is for how many seconds to retry, `pause` the shortest pause between two tries. `is_silence`: AWS gave
    no answer; where it has answered earlier in the run, retries may last longer.
    """

    code: str
    answer: Answer
    error: ReconcilerError
    retry_for: float = 300.0
    is_silence: bool = False
    pause: float = 0.0


class _Row(Struct, frozen=True):
    cause: str
    cure: str
    kind: type[ServiceError] = ServiceError
    answer: Answer = Answer.STOP
    retry_for: float = 300.0
    pause: float = 0.0


_CREDENTIALS: Final = "renew them (for SSO: `aws sso login`) and run again; what was applied stays applied"
# A wrong endpoint or region never answers, so its retries end soon.
_RETRY_CONNECTION_FOR: Final = 30.0
# A proxy or a different server does not become AWS: a few tries, in case one of AWS's own machines was restarted.
_RETRY_NOT_FROM_AWS_FOR: Final = 5.0
_RUNNING: Final = _Row("another operation is running on it", "wait until it has ended and run again", InUse)
_NOT_READY: Final = _Row(
    "it is still being created, or its creation failed", "wait, or delete it, and run again", InUse
)
_EXISTS: Final = _Row("it exists already", "run again: it is used as it is")
_OLD_TOKEN: Final = _Row("the listing's token is no longer valid", "run again")
_REJECTED: Final = _Row("the service rejects the request", "this is a bug; please report it")
LIMIT_EXCEEDED: Final = "LimitExceededException"
_TOO_LARGE: Final = _Row(
    "the request is larger than the service takes", "shorten the line, or send fewer lines", TooLarge
)
# The constraint of the service model on the length of a payload, as AWS words constraints.
_TOO_LONG: Final = re.compile(r"(changes|groundtruth|payload).*length less than or equal to", re.IGNORECASE | re.DOTALL)
_DENIED: Final = {
    "AccessDeniedException": ("the credentials may not make this call", "add the action to their IAM policy"),
    "ExpiredTokenException": ("the credentials have expired", _CREDENTIALS),
    "UnrecognizedClientException": ("AWS does not know these credentials", "check the profile, keys and region"),
    "InvalidSignatureException": ("the signature is wrong", "check the secret key and this machine's clock"),
    "MissingAuthenticationTokenException": ("the request had no credentials", "configure AWS credentials"),
    "IncompleteSignatureException": ("the signature is incomplete", "check the access key and the secret key"),
}
_TABLE: Final = {
    "ThrottlingException": _Row("AWS throttles the account", "run again later", answer=Answer.RETRY),
    "ProvisionedThroughputExceededException": _Row(
        "the account's quota of calls per second is exceeded",
        "run again later, or ask AWS for more",
        answer=Answer.RETRY,
    ),
    "InternalServerError": _Row(
        "the service failed",
        "run again; if it fails again, send the request ID to AWS Support",
        answer=Answer.RETRY_UNSURE,
    ),
    **{code: _Row(*said, kind=AccessDenied) for code, said in _DENIED.items()},
    "ResourceInUseException": _RUNNING,
    "ResourceNotReadyException": _NOT_READY,
    "ResourceNotFoundException": _Row("it was not found", "check the project, the region and the account", NotFound),
    "ResourceAlreadyExistsException": _EXISTS,
    # AWS does not say for what; three tries within a minute.
    LIMIT_EXCEEDED: _Row(
        "a quota of the account is exceeded, or too many operations are running in it at once",
        "see Service Quotas for Rekognition, or wait until other updates, creations and deletions have ended, and run "
        "again",
        answer=Answer.RETRY,
        retry_for=59.0,
        pause=20.0,
    ),
    "InvalidPaginationTokenException": _OLD_TOKEN,
    "InvalidParameterException": _REJECTED,
    "ValidationException": _REJECTED,
    "SerializationException": replace(_REJECTED, cause="the service cannot read the request"),
    "InvalidS3ObjectException": _Row(
        "the service cannot read an S3 object", "check bucket, key, region and permissions"
    ),
}
_UNKNOWN: Final = _Row("the service answered with an error", "see AWS's code and message")
_GONE: Final = _Row("somebody else deleted the dataset", "run again to look for it and create it again", NotFound)
# Where an exception means something else for one operation.
_BY_OPERATION: Final = {
    ("AssumeRole", "AccessDeniedException"): _Row(
        _DENIED["AccessDeniedException"][0],
        "allow sts:AssumeRole on the role to these credentials, and name them in the role's trust policy",
        AccessDenied,
    ),
    ("AssumeRole", "ValidationException"): _Row("STS does not accept the role's ARN", "fix the ARN", AccessDenied),
    ("CreateDataset", "ResourceAlreadyExistsException"): replace(_EXISTS, kind=AlreadyThere, answer=Answer.ADOPT),
    ("DeleteDataset", "ResourceInUseException"): replace(_RUNNING, answer=Answer.WAIT),
    ("DeleteDataset", "ResourceNotFoundException"): _Row("it is deleted already", "run again", NotFound, Answer.ADOPT),
    ("DescribeDataset", "ResourceNotFoundException"): _Row("it is deleted", "run again", NotFound, Answer.LOOK_AGAIN),
    ("ListDatasetEntries", "ResourceNotFoundException"): _GONE,
    ("UpdateDatasetEntries", "ResourceNotFoundException"): _GONE,
    ("ListDatasetEntries", "InvalidPaginationTokenException"): replace(
        _OLD_TOKEN, kind=Moved, answer=Answer.LOOK_AGAIN
    ),
    ("ListDatasetEntries", "ResourceInUseException"): replace(_RUNNING, answer=Answer.WAIT),
    ("ListDatasetEntries", "ResourceNotReadyException"): replace(_NOT_READY, answer=Answer.WAIT),
    ("UpdateDatasetEntries", "ResourceInUseException"): replace(_RUNNING, answer=Answer.WAIT),
}
# Other spellings of the same thing, seen with other endpoints and signature versions.
_SAME_AS: Final = {
    "ExpiredToken": "ExpiredTokenException",
    "RequestExpired": "ExpiredTokenException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "AccessDenied": "AccessDeniedException",
    "ValidationError": "ValidationException",
    "Throttling": "ThrottlingException",
    "TooManyRequestsException": "ThrottlingException",
    "ServiceUnavailable": "InternalServerError",
    "InternalFailure": "InternalServerError",
    "InternalError": "InternalServerError",
    "RequestTimeout": "InternalServerError",
    "SlowDown": "ThrottlingException",
}


# The text of a bare RuntimeError that botocore raises (credentials.py, `RefreshableCredentials._protected_refresh`).
_STILL_EXPIRED: Final = "refreshed credentials are still expired"
# The names of values that let somebody sign in.
_TOKEN: Final = re.compile(r"((?:security|session|access)[-_ ]?(?:token|key)\s*[:=]\s*)\S+", re.IGNORECASE)


def fault_of(operation: str, error: Exception) -> Fault | None:
    """Classify an exception that boto3 raised during an operation; None when AWS or boto3 did not cause it."""
    from botocore import exceptions as boto  # noqa: PLC0415 - a run that asks AWS nothing loads nothing of boto3
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - likewise

    if isinstance(error, boto.ClientError):
        return _client_fault(operation, error)
    if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError)):
        return _stop(operation, error, "configure AWS credentials (a profile, keys, or a role)")
    if isinstance(error, (boto.TokenRetrievalError, boto.UnauthorizedSSOTokenError, boto.SSOTokenLoadError)):
        return _stop(operation, error, _CREDENTIALS)
    # Nothing was sent: the connection was never made.
    unsent = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
    if isinstance(error, (*unsent, boto.HTTPClientError, ResponseParserError, NotFromAws)):
        return _connection(operation, error, Answer.RETRY if isinstance(error, unsent) else Answer.RETRY_UNSURE)
    if isinstance(error, boto.BotoCoreError):  # an unknown profile, no region, an invalid endpoint
        return Fault(type(error).__name__, Answer.STOP, BadInput(f"{operation}: {first_line(error)}"))
    return _still_expired(operation) if _STILL_EXPIRED in str(error) and isinstance(error, RuntimeError) else None


def answers(operations: Iterable[str]) -> Iterator[tuple[str, str, Answer, str, str]]:
    """The table: operation, exception, what is done about it, cause and cure; for the documentation."""
    for operation in operations:
        for code in _TABLE:
            row = _BY_OPERATION.get((operation, code), _TABLE[code])
            yield operation, code, row.answer, row.cause, row.cure


def first_line(said: object) -> str:
    """The first line of a message of the service or botocore, safe to print: without anything that signs in.

    The further lines of a refused signature repeat the whole request, with its session token.
    """
    lines = [line for line in str(said).splitlines() if line.strip()]
    return inert(_TOKEN.sub(r"\1[secret]", without_sign_in(lines[0].strip()))) if lines else ""


def _client_fault(operation: str, error: "ClientError") -> Fault:
    detail = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    code = detail.get("Code", "Unknown")
    known = _SAME_AS.get(code, code)
    status = int(meta.get("HTTPStatusCode", 0))
    unknown = _TABLE["InternalServerError"] if status >= 500 or status == 0 else _UNKNOWN
    # A session that renews its credentials makes a call of its own before the operation's.
    made = operation, error.operation_name
    row = next(filter(None, (_BY_OPERATION.get((one, known)) for one in made)), None) or _TABLE.get(known) or unknown
    if status == TOO_LARGE or "TooLarge" in known or _TOO_LONG.search(detail.get("Message", "")):
        row = _TOO_LARGE
    request_id = meta.get("RequestId", "")
    message = (
        f"{operation}: {row.cause} ({inert(code)}: {first_line(detail.get('Message', '')) or 'no message'}); {row.cure}"
        f"{f' [request id {inert(request_id)}]' if request_id else ''}"
    )
    said = row.kind(message, code=code, operation=operation, request_id=request_id)
    return Fault(code, row.answer, said, row.retry_for, pause=row.pause)


def _stop(operation: str, error: Exception, cure: str) -> Fault:
    code = type(error).__name__
    said = AccessDenied(f"{operation}: {first_line(error)}; {cure}", code=code, operation=operation)
    return Fault(code, Answer.STOP, said)


def _still_expired(operation: str) -> Fault:
    message = (
        f"{operation}: the credentials were renewed, and the new ones have expired already; check this machine's "
        "clock, or renew what they come from (a role, a profile), and run again; what was applied stays applied"
    )
    return Fault("ExpiredCredentials", Answer.STOP, AccessDenied(message, code="ExpiredCredentials"))


def _connection(operation: str, error: Exception, answer: Answer) -> Fault:
    code = type(error).__name__
    if isinstance(error, NotFromAws):
        message = f"{operation}: the answer is not from AWS ({error}); check the endpoint, the region and any proxy"
        said = ServiceError(message, code=code, operation=operation)
        return Fault(code, Answer.RETRY_UNSURE, said, _RETRY_NOT_FROM_AWS_FOR)
    message = f"{operation}: no answer from AWS ({first_line(error)}); check the network and the region, and run again"
    said = ServiceError(message, code=code, operation=operation)
    return Fault(code, answer, said, _RETRY_CONNECTION_FOR, is_silence=True)
