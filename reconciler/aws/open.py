"""From settings to a gateway that answers: what the shells call instead of boto3."""

import os
from collections.abc import Callable
from random import Random

from reconciler.aws.calls import CallRecord, Calls
from reconciler.aws.clock import Clock
from reconciler.aws.connection import Connection
from reconciler.aws.gateway import Gateway
from reconciler.aws.objects import Objects


def open_gateway(
    connection: Connection,
    region: str,
    clock: Clock,
    random: Random,
    log: Callable[[CallRecord], None] = lambda _record: None,
) -> Gateway:
    """A gateway to Rekognition in a region; `log` is told every attempt of every call.

    Nothing is called yet, unless the connection assumes roles.

    Raises:
        BadInput: the profile, region or endpoint cannot be used. AccessDenied: a role cannot be assumed.
    """
    return Gateway(connection.client(region), Calls(clock, random, log))


def open_objects(connection: Connection, region: str | None) -> Objects:
    """S3 with the same credentials and roles as Rekognition; the region only says where to ask first.

    Raises:
        BadInput: the profile, region or endpoint cannot be used. AccessDenied: a role cannot be assumed.
    """
    return Objects(connection.s3_client(region))


def default_region(connection: Connection) -> str | None:
    """The region to look for projects by name: the connection's, AWS_REGION, AWS_DEFAULT_REGION, the profile's.

    AWS_REGION is read here because boto3 does not know it (boto3 guide, "Configuring credentials and environment
    variables"); the other SDKs and pulumi-aws do.

    Raises:
        BadInput: the profile is unknown, or the AWS configuration files cannot be read.
    """
    return connection.region or os.environ.get("AWS_REGION") or connection.configured_region()
