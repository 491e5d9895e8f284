"""A page of a listing is read in botocore's own event; what comes out is what botocore's parser gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from reconciler.aws.connection import Connection
from reconciler.aws.replies import insist_on_whole_replies
from tests.support.aws_doubles import Answer, ScriptedServer, failure

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/dataset/train/1690405809286"
LINES = ['{"source-ref":"s3://b/1.jpg"}', '{"source-ref":"s3://b/ü \\u2028\\ud83d\\ude00.jpg"}', ""]
BODIES: dict[str, object] = {
    "page": {"DatasetEntries": LINES, "NextToken": "t+/="},
    "last page": {"DatasetEntries": LINES},
    "empty": {"DatasetEntries": []},
    "token only": {"NextToken": "t"},
    "null": {"DatasetEntries": None, "NextToken": None},
    "more members": {"DatasetEntries": LINES, "Added": {"later": [1.5, None, True]}},
    "member twice": b'{"DatasetEntries": ["a"], "DatasetEntries": ["b"]}',
    "lone surrogate": b'{"DatasetEntries": ["\\ud800"]}',
    "escapes": b'{"Dataset\\u0045ntries": ["\\ud83d\\ude00\\t"], "NextToken": "\\""}  \n',
    "an entry that is null": {"DatasetEntries": [None, "a"]},
}


@pytest.fixture(scope="module")
def clients(_server: ScriptedServer) -> tuple[RekognitionClient, RekognitionClient]:
    """One that reads pages here, and one as boto3 makes it."""
    connection = Connection(access_key="AKIDEXAMPLE", secret_key="not-a-secret", endpoints={"rekognition": _server.url})
    ours, plain = connection.client("us-east-1"), connection.client("us-east-1")
    insist_on_whole_replies(ours)
    return ours, plain


def said(client: RekognitionClient) -> dict[str, Any]:
    """A page, without the headers of its HTTP reply that differ from one to the next."""
    reply: dict[str, Any] = dict(client.list_dataset_entries(DatasetArn=ARN))
    reply["ResponseMetadata"]["HTTPHeaders"].pop("date")
    return reply


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_page_is_what_botocore_would_have_read(
    clients: tuple[RekognitionClient, RekognitionClient],
    server: ScriptedServer,
    body: Any,  # noqa: ANN401 - of any form
) -> None:
    """Entries, token and metadata are the same; a body that msgspec refuses is read by botocore's own parser."""
    server.answers(Answer(body))
    ours, plain = map(said, clients)
    assert ours == plain


def test_an_error_of_a_listing_is_the_error_that_botocore_reads(
    clients: tuple[RekognitionClient, RekognitionClient], server: ScriptedServer
) -> None:
    """Its code and message come from botocore's parser."""
    server.answers(failure("ThrottlingException", message="Slow down."))
    with pytest.raises(ClientError, match=r"\(ThrottlingException\).*Slow down\.") as caught:
        clients[0].list_dataset_entries(DatasetArn=ARN)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
