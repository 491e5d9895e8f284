"""What an error of the service means: one table, exception by exception.

Sources: the `errors` of each operation in botocore's service-2.json; Rekognition Developer Guide, "Error handling"
(which errors to retry); botocore's own client-side exceptions. `ValidationException` and the front end's errors about
credentials are not in the model: the first is documented for MaxResults in the API Reference, the others by
"Common Error Types" of AWS's API references.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from reconciler.errors import (
    AccessDenied,
    AlreadyThere,
    BadInput,
    InUse,
    Moved,
    NotFound,
    ReconcilerError,
    ServiceError,
)
from reconciler.text import inert, without_sign_in


class Answer(Enum):
    """What to do about a fault."""

    RETRY = "the call did no work: send it again after a while"
    RETRY_UNSURE = "the call may have done its work: send it again and expect to find it done"
    WAIT = "another operation is running: wait until it has ended and look at live again"
    LOOK_AGAIN = "what was read is out of date: read it again from the start"
    ADOPT = "it is as it should be already: go on with what is there"
    STOP = "no retry helps: say what happened and what to do"


@dataclass(frozen=True, slots=True)
class Fault:
    """A classified error: what to do, and the exception that says it to the user when no retry helped.

    `retry_for` is how many seconds to go on retrying; `is_silence` whether AWS gave no answer, so that whoever knows
    that it has answered before may be more patient.
    """

    code: str
    answer: Answer
    error: ReconcilerError
    retry_for: float = 300.0
    is_silence: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    answer: Answer
    kind: type[ServiceError]
    cause: str
    cure: str


_CREDENTIALS: Final = "renew them (for SSO: `aws sso login`) and run again; what was applied stays applied"
# A wrong endpoint or region never answers: tell the user soon.
_RETRY_CONNECTION_FOR: Final = 30.0
_TABLE: Final = {
    "ThrottlingException": _Row(Answer.RETRY, ServiceError, "AWS throttles the account", "run again later"),
    "ProvisionedThroughputExceededException": _Row(
        Answer.RETRY, ServiceError, "the account's calls a second are used up", "run again later, or ask AWS for more"
    ),
    "InternalServerError": _Row(
        Answer.RETRY_UNSURE, ServiceError, "the service failed", "run again; if it stays, give the request id to AWS"
    ),
    "AccessDeniedException": _Row(
        Answer.STOP, AccessDenied, "the credentials may not make this call", "add the action to their IAM policy"
    ),
    "ExpiredTokenException": _Row(Answer.STOP, AccessDenied, "the credentials have expired", _CREDENTIALS),
    "UnrecognizedClientException": _Row(
        Answer.STOP, AccessDenied, "AWS does not know these credentials", "check the profile, keys and region"
    ),
    "InvalidSignatureException": _Row(
        Answer.STOP, AccessDenied, "the signature is wrong", "check the secret key and this machine's clock"
    ),
    "MissingAuthenticationTokenException": _Row(
        Answer.STOP, AccessDenied, "the request carried no credentials", "configure AWS credentials"
    ),
    "IncompleteSignatureException": _Row(
        Answer.STOP, AccessDenied, "the signature is incomplete", "check the access key and the secret key"
    ),
    "ResourceInUseException": _Row(
        Answer.STOP, InUse, "another operation is running on it", "wait until it has ended and run again"
    ),
    "ResourceNotReadyException": _Row(
        Answer.STOP, InUse, "it is still being created, or its creation failed", "wait, or delete it, and run again"
    ),
    "ResourceNotFoundException": _Row(
        Answer.STOP, NotFound, "it is not there", "check the project, the region and the account"
    ),
    "ResourceAlreadyExistsException": _Row(
        Answer.STOP, ServiceError, "it is there already", "run again: what is there is taken over"
    ),
    "LimitExceededException": _Row(
        Answer.STOP, ServiceError, "a quota of the account is used up", "see Service Quotas for Rekognition"
    ),
    "InvalidPaginationTokenException": _Row(
        Answer.STOP, ServiceError, "the listing's token is no longer valid", "run again"
    ),
    "InvalidParameterException": _Row(
        Answer.STOP, ServiceError, "the service refuses the request", "this is a fault of this program: report it"
    ),
    "ValidationException": _Row(
        Answer.STOP, ServiceError, "the service refuses the request", "this is a fault of this program: report it"
    ),
    "SerializationException": _Row(
        Answer.STOP, ServiceError, "the service cannot read the request", "this is a fault of this program: report it"
    ),
    "InvalidS3ObjectException": _Row(
        Answer.STOP, ServiceError, "the service cannot read an S3 object", "check bucket, key, region and permissions"
    ),
}
_GONE: Final = _Row(
    Answer.STOP, NotFound, "the dataset is gone: somebody deleted it", "run again to look for it and create it anew"
)
# Where an exception means something else for one operation.
_BY_OPERATION: Final = {
    ("CreateDataset", "ResourceAlreadyExistsException"): _Row(
        Answer.ADOPT, AlreadyThere, "it is there already", "run again: what is there is taken over"
    ),
    ("DeleteDataset", "ResourceInUseException"): _Row(
        Answer.WAIT, InUse, "another operation is running on it", "wait until it has ended and run again"
    ),
    ("DeleteDataset", "ResourceNotFoundException"): _Row(Answer.ADOPT, NotFound, "it is gone already", "run again"),
    ("DescribeDataset", "ResourceNotFoundException"): _Row(Answer.LOOK_AGAIN, NotFound, "it is gone", "run again"),
    ("ListDatasetEntries", "ResourceNotFoundException"): _GONE,
    ("UpdateDatasetEntries", "ResourceNotFoundException"): _GONE,
    ("ListDatasetEntries", "InvalidPaginationTokenException"): _Row(
        Answer.LOOK_AGAIN, Moved, "the listing's token is no longer valid", "run again"
    ),
    ("ListDatasetEntries", "ResourceInUseException"): _Row(
        Answer.WAIT, InUse, "another operation is running on it", "wait until it has ended and run again"
    ),
    ("ListDatasetEntries", "ResourceNotReadyException"): _Row(
        Answer.WAIT, InUse, "it is still being created, or its creation failed", "wait, or delete it, and run again"
    ),
    ("UpdateDatasetEntries", "ResourceInUseException"): _Row(
        Answer.WAIT, InUse, "another operation is running on it", "wait until it has ended and run again"
    ),
}
# Other spellings of the same thing, seen with other endpoints and signature versions.
_SAME_AS: Final = {
    "ExpiredToken": "ExpiredTokenException",
    "RequestExpired": "ExpiredTokenException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "AccessDenied": "AccessDeniedException",
    "Throttling": "ThrottlingException",
    "TooManyRequestsException": "ThrottlingException",
    "ServiceUnavailable": "InternalServerError",
    "InternalFailure": "InternalServerError",
}


# What botocore raises a bare RuntimeError with (credentials.py, `RefreshableCredentials._protected_refresh`).
_STILL_EXPIRED: Final = "refreshed credentials are still expired"
# Names before a value that lets somebody sign in.
_TOKEN: Final = re.compile(r"((?:security|session|access)[-_ ]?(?:token|key)\s*[:=]\s*)\S+", re.IGNORECASE)


def fault_of(operation: str, error: Exception) -> Fault | None:
    """Classify what boto3 raised during an operation; None for an exception that is not AWS's doing."""
    if isinstance(error, boto.ClientError):
        return _client_fault(operation, error)
    for kinds, classify in _CLIENT_SIDE:
        if isinstance(error, kinds):
            return classify(operation, error)
    if isinstance(error, RuntimeError) and _STILL_EXPIRED in str(error):
        return _still_expired(operation)
    return None


def answers(operations: Iterable[str]) -> Iterator[tuple[str, str, Answer, str, str]]:
    """The table: operation, exception, what is done about it, cause and cure; for the documentation."""
    for operation in operations:
        for code in _TABLE:
            row = _row(operation, code)
            if row is not None:
                yield operation, code, row.answer, row.cause, row.cure


def first_line(said: object) -> str:
    """What the service or botocore said, safe to show: its first line, without what signs in.

    The further lines of a refused signature repeat the whole request, with its session token.
    """
    lines = [line for line in str(said).splitlines() if line.strip()]
    return inert(_TOKEN.sub(r"\1[secret]", without_sign_in(lines[0].strip()))) if lines else ""


def _row(operation: str, code: str) -> _Row | None:
    return _BY_OPERATION.get((operation, code)) or _TABLE.get(code)


def _client_fault(operation: str, error: boto.ClientError) -> Fault:
    detail = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    code = detail.get("Code", "Unknown")
    status = int(meta.get("HTTPStatusCode", 0))
    row = _row(operation, _SAME_AS.get(code, code)) or _unknown(status)
    request_id = meta.get("RequestId", "")
    message = (
        f"{operation}: {row.cause} ({inert(code)}: {first_line(detail.get('Message', '')) or 'no message'}); {row.cure}"
        f"{f' [request id {inert(request_id)}]' if request_id else ''}"
    )
    return Fault(code, row.answer, row.kind(message, code=code, operation=operation, request_id=request_id))


def _unknown(status: int) -> _Row:
    if status >= 500 or status == 0:
        return _TABLE["InternalServerError"]
    return _Row(Answer.STOP, ServiceError, "the service answered with an error", "see the code and the text")


def _stop(kind: type[ServiceError], cure: str, operation: str, error: Exception) -> Fault:
    code = type(error).__name__
    return Fault(code, Answer.STOP, kind(f"{operation}: {first_line(error)}; {cure}", code=code, operation=operation))


def _still_expired(operation: str) -> Fault:
    message = (
        f"{operation}: the credentials were renewed, and the new ones have expired already; check this machine's "
        "clock, or renew what they come from (a role, a profile), and run again; what was applied stays applied"
    )
    return Fault("ExpiredCredentials", Answer.STOP, AccessDenied(message, code="ExpiredCredentials"))


def _connection(answer: Answer, operation: str, error: Exception) -> Fault:
    code = type(error).__name__
    message = f"{operation}: no answer from AWS ({first_line(error)}); check the network and the region, and run again"
    said = ServiceError(message, code=code, operation=operation)
    return Fault(code, answer, said, _RETRY_CONNECTION_FOR, is_silence=True)


def _wrong_setting(operation: str, error: Exception) -> Fault:
    """What is left of botocore's own exceptions: an unknown profile, no region, an invalid endpoint."""
    return Fault(type(error).__name__, Answer.STOP, BadInput(f"{operation}: {first_line(error)}"))


_Classify = Callable[[str, Exception], Fault]
_CLIENT_SIDE: Final[tuple[tuple[tuple[type[Exception], ...], _Classify], ...]] = (
    (
        (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError),
        partial(_stop, AccessDenied, "configure AWS credentials (a profile, keys, or a role)"),
    ),
    (
        (boto.TokenRetrievalError, boto.UnauthorizedSSOTokenError, boto.SSOTokenLoadError),
        partial(_stop, AccessDenied, _CREDENTIALS),
    ),
    # Nothing was sent: the connection was never made.
    (
        (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError),
        partial(_connection, Answer.RETRY),
    ),
    ((boto.HTTPClientError, ResponseParserError), partial(_connection, Answer.RETRY_UNSURE)),
    ((boto.BotoCoreError,), _wrong_setting),
)
