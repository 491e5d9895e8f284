"""An S3 server for `--with-s3`: moto's, in a thread, filled from folders. Needs the `emulator` extra."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


class S3Error(Exception):
    """S3 cannot be served: moto is not installed, or a bucket could not be created; the text has the reason."""


def _server(host: str, port: int) -> Any:  # noqa: ANN401 - moto ships no type for it
    try:
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - an extra
    except ImportError as error:
        text = "--with-s3 needs moto: pip install 'rekognition-labels-as-code[emulator]'."
        raise S3Error(text) from error
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its log of requests would mix with the log of calls
    return ThreadedMotoServer(ip_address=host, port=port, verbose=False)


def _guarded(app: Any, answers: Callable[[str], bool]) -> Any:  # noqa: ANN401 - WSGI
    """A WSGI application that refuses requests with a Host that is not to be answered."""

    def guarded(environ: dict[str, Any], start_response: Any) -> Any:  # noqa: ANN401 - WSGI
        if answers(environ.get("HTTP_HOST", "localhost")):
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"only Host names of loopback are answered\n"]

    return guarded


@contextmanager
def serve_s3(
    folders: Mapping[str, Path],
    host: str = "127.0.0.1",
    port: int = 0,
    answers: Callable[[str], bool] = lambda _host: True,
) -> Iterator[str]:
    """Run an S3 server; every folder becomes a bucket with its files. Yields the endpoint URL.

    Only requests for which `answers` is true of their Host are answered.

    Raises:
        S3Error: when moto is not installed, or a bucket could not be created.
    """
    server = _server(host, port)
    server.start()
    inner = server._server  # noqa: SLF001 - moto has no other place for it
    inner.app = _guarded(inner.app, answers)
    try:
        address, chosen = server.get_host_and_port()
        endpoint = f"http://{address}:{chosen}"
        _fill(endpoint, folders)
        yield endpoint
    finally:
        server.stop()


def _fill(endpoint: str, folders: Mapping[str, Path]) -> None:
    import boto3  # noqa: PLC0415 - only emulators with S3 need it
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - likewise

    session = boto3.Session(
        aws_access_key_id="emulator",
        aws_secret_access_key="emulator",  # noqa: S106 - a dummy
        region_name="us-east-1",
    )
    client: Any = session.client("s3", endpoint_url=endpoint)
    for bucket, folder in folders.items():
        try:
            client.create_bucket(Bucket=bucket)
        except (ClientError, BotoCoreError) as error:
            raise S3Error(f"The bucket {bucket!r} could not be created: {error}") from error
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            client.upload_file(str(path), bucket, path.relative_to(folder).as_posix())
