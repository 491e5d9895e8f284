"""Under Pulumi: a snapshot before every delete, refusals on a runner, and a record of every `pulumi up` and destroy."""

from __future__ import annotations

import gzip
import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider_engine import CallError, running
from tests.support.provider_world import RELABELS, World, config_for
from tests.support.s3 import Bucket, running_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from rekognition_emulator import Emulator

    Stack = Callable[..., AbstractContextManager[World]]

REPLACE = {"extra": "replace"}
DELETE = {"destroy": "delete"}
SECRET = "secret/key/of/the/stack/0123456789"


@pytest.fixture
def stack(emulator: Emulator, tmp_path: Path) -> Stack:
    """Starts a provider of its own in an empty program folder, with this configuration and environment."""

    @contextmanager
    def start(
        config: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> Iterator[World]:
        program = tmp_path / "program"
        program.mkdir(exist_ok=True)
        with running(program, {**config_for(emulator), **(config or {})}, secrets, env) as provider:
            yield World(emulator, provider)

    return start


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Bucket]:
    """S3 with a bucket."""
    with running_s3(tmp_path / "s3") as bucket:
        yield bucket


def in_s3(emulator: Emulator, bucket: Bucket) -> dict[str, str]:
    """A configuration that keeps snapshots and records in a bucket."""
    endpoints = [{"rekognition": emulator.url, "s3": bucket.endpoint}]
    return {
        "aws:endpoints": json.dumps(endpoints),
        "reconciler:snapshots": f"s3://{bucket.name}/keep",
        "reconciler:audit": f"s3://{bucket.name}/audit",
    }


def snapshots(world: World) -> list[Path]:
    """The files in the default folder."""
    return sorted((world.program / ".reconciler" / "snapshots").glob("*.jsonl.gz"))


def records(world: World) -> list[dict[str, Any]]:
    """The records in the default folder."""
    lines = [path.read_text().splitlines() for path in sorted((world.program / ".reconciler" / "audit").iterdir())]
    return [json.loads(line) for month in lines for line in month]


def images(lines: bytes) -> list[str]:
    """The images of a snapshot."""
    return [json.loads(line)["source-ref"].rpartition("/")[2] for line in gzip.decompress(lines).splitlines()]


def test_a_replace_leaves_a_snapshot_beside_the_program_and_says_where(stack: Stack) -> None:
    """The path is relative: it is the same on every machine."""
    with stack() as world:
        cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]}, policy=REPLACE | RELABELS)
        cells.up()
        world.rewrite(cells, {"1.jpg": ["cat"], "3.jpg": ["cow"]})
        cells.up()
        (path,) = snapshots(world)
        assert images(path.read_bytes()) == ["1.jpg", "2.jpg"]
        assert any(f"kept in .reconciler/snapshots/{path.name}" in one.text for one in cells.messages)
        assert (world.program / ".reconciler" / ".gitignore").read_text() == "*\n"
        assert sorted(world.live(cells)) == ["1.jpg", "3.jpg"]


def test_a_destroy_leaves_a_snapshot_and_says_where(stack: Stack) -> None:
    """A destroy writes a snapshot and warns where it is; an empty dataset has none."""
    with stack() as world:
        cells, empty = world.declare({"1.jpg": ["cat"]}, policy=DELETE), world.declare({}, policy=DELETE)
        for one in (cells, empty):
            one.up()
            one.destroy()
        (path,) = snapshots(world)
        assert images(path.read_bytes()) == ["1.jpg"]
        assert any(path.name in one.text and one.is_warning for one in cells.messages)


def test_the_stack_says_where_snapshots_and_records_go(stack: Stack, emulator: Emulator, bucket: Bucket) -> None:
    """`reconciler:snapshots` and `reconciler:audit`, with the stack's own keys; also on a runner."""
    secrets = {"aws:accessKey": "AKIASTACKSTACKSTACK0", "aws:secretKey": SECRET}
    with stack(in_s3(emulator, bucket), {"CI": "true"}, secrets) as world:
        cells = world.declare({"1.jpg": ["cat"]}, policy=DELETE)
        cells.up()
        cells.destroy()
        kept = [key for key in bucket.listed() if key.startswith("keep/train-")]
        assert images(bucket.read(kept[0])) == ["1.jpg"]
        assert [json.loads(bucket.read(key)) for key in bucket.listed() if key.startswith("audit/")] == records(world)
        assert snapshots(world) == []


def test_on_a_runner_a_replace_is_refused_by_preview_and_up(stack: Stack) -> None:
    """On a runner preview and up refuse a replace with the cure, before anything is sent."""
    cure = (
        "(CI is set); run `pulumi config set reconciler:snapshots s3://BUCKET/FOLDER`, and `pulumi up` before a destroy"
    )
    with stack(env={"CI": "true"}) as world:
        cells = world.declare({"1.jpg": ["cat"]}, policy=REPLACE)
        cells.up()
        world.edit(cells, "2.jpg", "dog")
        deletes = world.calls("DeleteDataset")
        _changed, checked = cells.preview()
        assert any(
            "`pulumi up` will be refused: " in one and cure in one for one in checked["pendingChanges"]["dangers"]
        )
        with pytest.raises(CallError) as caught:
            cells.up()
        assert cure in caught.value.message
        assert world.calls("DeleteDataset") == deletes
        assert sorted(world.live(cells)) == ["1.jpg", "2.jpg"]
        assert (records(world)[-1]["outcome"], cure in records(world)[-1]["message"]) == ("refused", True)


def test_on_a_runner_a_destroy_is_refused(stack: Stack) -> None:
    """The preview of a replacement says so before."""
    with stack(env={"CI": "1"}) as world:
        cells = world.declare({"1.jpg": ["cat"]}, policy=DELETE)
        cells.up()
        with pytest.raises(CallError, match=r"is not deleted: .*\(CI is set\); run `pulumi config"):
            cells.destroy()
        assert world.live(cells) == {"1.jpg": ["cat"]}
        assert (records(world)[-1]["action"], records(world)[-1]["outcome"]) == ("destroy", "refused")
        cells.declared["projectArn"] = world.project()
        cells.preview()
        assert any("will be refused" in one.text and "(CI is set)" in one.text for one in cells.messages)


def test_every_up_and_destroy_leaves_a_record(stack: Stack) -> None:
    """What was planned and done, the calls of this resource alone, the digest that the state has too."""
    with stack(env={"GITHUB_ACTOR": "octocat"}) as world:
        cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]}, policy=DELETE)
        cells.up()
        arn = world.arn(cells)
        cells.destroy()
        up, destroy = records(world)
        assert (up["action"], up["outcome"], up["plan"]["action"], up["result"]["add"]) == (
            "apply",
            "done",
            "create",
            2,
        )
        assert up["manifest"]["path"] == cells.declared["manifest"]
        assert up["who"]["ci"]["actor"] == "octocat"
        assert (up["calls"]["CreateDataset"], up["calls"]["UpdateDatasetEntries"]) == (1, 1)
        assert up["dataset_arn"] == destroy["dataset_arn"] == arn
        assert (destroy["action"], destroy["outcome"], destroy["plan"], destroy["manifest"]) == (
            *("destroy", "done"),
            *(None, None),
        )
        assert destroy["snapshots"] == [f".reconciler/snapshots/{snapshots(world)[0].name}"]
        assert destroy["calls"]["DeleteDataset"] == 1


def test_the_records_digest_is_the_states(stack: Stack) -> None:
    """State and record have the same digest, so that a record is found from a state."""
    with stack() as world:
        cells = world.declare({"1.jpg": ["cat"]})
        cells.up()
        assert records(world)[0]["manifest"]["digest"] == cells.outputs["contentDigest"]


def test_an_up_that_fails_leaves_its_sentence(stack: Stack) -> None:
    """And a manifest that changed after the check is a failed apply too."""
    with stack() as world:
        cells = world.declare({"1.jpg": ["cat"]})
        checked = cells.check()
        world.rewrite(cells, {"2.jpg": ["cat"]})
        with pytest.raises(CallError):
            cells.provider.create(cells.urn, checked)
        (record,) = records(world)
        assert (record["outcome"], record["plan"], record["result"]) == ("failed", None, None)
        assert "changed after it was checked" in record["message"]


def test_a_record_that_cannot_be_written_is_a_warning(stack: Stack) -> None:
    """If the record cannot be written, `pulumi up` still succeeds, with a warning."""
    with stack({"reconciler:audit": "nowhere/applies.jsonl"}) as world:
        cells = world.declare({"1.jpg": ["cat"]})
        cells.up()
        assert world.live(cells) == {"1.jpg": ["cat"]}
        assert any("the record of this apply was not written" in one.text and one.is_warning for one in cells.messages)


def test_no_secret_of_the_stack_or_the_environment_is_in_a_record(stack: Stack) -> None:
    """Nor in the state or the messages, when an address with a password fails."""
    endpoint = "http://someone:pass-word-0123@127.0.0.1:9"
    env = {"AWS_ENDPOINT_URL_S3": endpoint, "GITHUB_TOKEN": "ghp_0123456789abcdef"}
    secrets = {"aws:accessKey": "AKIASTACKSTACKSTACK0", "aws:secretKey": SECRET}
    with stack({"reconciler:snapshots": "s3://bucket/x", "reconciler:audit": "s3://bucket/y"}, env, secrets) as world:
        cells = world.declare({"1.jpg": ["cat"]}, policy=DELETE)
        cells.up()
        with pytest.raises(CallError) as caught:
            cells.destroy()
        said = caught.value.details + "".join(one.text for one in cells.messages) + json.dumps(cells.outputs)
        written = "".join(path.read_text() for path in (world.program / ".reconciler" / "audit").iterdir())
    for one in (SECRET, "pass-word-0123", "ghp_0123456789abcdef"):
        assert one not in said + written


@pytest.mark.parametrize("key", ["reconciler:snapshots", "reconciler:audit"])
def test_a_malformed_address_ends_the_first_call(stack: Stack, key: str) -> None:
    """A malformed address ends the first call, before anything is planned."""
    with (
        stack({key: "s3://"}) as world,
        pytest.raises(CallError, match="is not a valid S3 address; give one like s3://BUCKET"),
    ):
        world.declare({}).up()


def test_what_an_up_overwrites_is_kept_and_named_without_a_warning(stack: Stack) -> None:
    """The copy is in the program's folder, the message has the id of the record, which names the copy."""
    with stack() as world:
        cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["cat"]}, policy=RELABELS)
        cells.up()
        world.rewrite(cells, {"1.jpg": ["dog"], "2.jpg": ["cat"]})
        cells.up()
        (record,) = records(world)[1:]
        (place,) = record["overwritten"]
        assert images(Path(place).read_bytes()) == ["1.jpg"]
        assert Path(place).parent == world.program / ".reconciler" / "overwritten"
        (message,) = [one for one in cells.messages if f"`reconciler restore {record['id']}`" in one.text]
        assert not message.is_warning


def test_where_nothing_can_be_kept_an_up_sends_nothing(stack: Stack, tmp_path: Path) -> None:
    """The update fails with the place and the cure, and live is as it was."""
    (tmp_path / "full").write_text("")
    with stack({"reconciler:snapshots": str(tmp_path / "full")}) as world:
        cells = world.declare({"1.jpg": ["cat"]}, policy=RELABELS)
        cells.up()
        world.rewrite(cells, {"1.jpg": ["dog"]})
        sent = world.calls("UpdateDatasetEntries")
        with pytest.raises(CallError, match="no copy of the lines to overwrite could be written to"):
            cells.up()
        assert world.calls("UpdateDatasetEntries") == sent
