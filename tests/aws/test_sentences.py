"""What AWS and botocore say is shown without what lets somebody sign in."""

import socket

import pytest

from reconciler.aws.faults import first_line
from reconciler.aws.gateway import Gateway
from reconciler.errors import ReconcilerError, ServiceError
from tests.support.aws_doubles import FakeClock, ScriptedServer, failure, gateway_at

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/dataset/train/1690405809286"


def update(gateway: Gateway) -> bool:
    """Send something."""
    return gateway.update_entries(ARN, b"{}")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Sorry.\nThe Canonical String was\n'POST\n/\n'", "Sorry."),
        ("\n\n  Sorry.  \r\nMore", "Sorry."),
        ("X-Amz-Security-Token: IQoJb3JpZ2luX2VjEExample== is bad", "X-Amz-Security-Token: [secret] is bad"),
        ("aws_session_token=IQoJb3JpZ2lu", "aws_session_token=[secret]"),
        ('Could not connect to "https://me:pass@relay.example/"', 'Could not connect to "https://relay.example/"'),
        ("odd \x1b[31m", "odd \\x1b[31m"),
        ("", ""),
    ],
)
def test_of_what_aws_says_the_first_line_is_shown_without_what_signs_in(said: str, shown: str) -> None:
    """The further lines of a refused signature repeat the request, with its session token."""
    assert first_line(said) == shown


def test_a_refused_signature_shows_no_token(server: ScriptedServer, clock: FakeClock) -> None:
    """No token is shown, although AWS's error repeats the canonical request."""
    token = "IQoJb3JpZ2luX2VjEExample"
    text = f"The signature does not match.\n\nIt should have been\n'POST\nx-amz-security-token:{token}\n'"
    server.answers(failure("InvalidSignatureException", message=text))
    with pytest.raises(ReconcilerError) as caught:
        update(gateway_at(server.url, clock))
    assert "The signature does not match." in str(caught.value)
    assert token not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_proxys_password_is_not_shown(clock: FakeClock) -> None:
    """An endpoint's address may have one."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gateway = gateway_at(f"http://me:pass-word@127.0.0.1:{unused.getsockname()[1]}", clock)
        with pytest.raises(ServiceError) as caught:
            update(gateway)
    assert "pass-word" not in str(caught.value)
    assert "no answer from AWS" in str(caught.value)
