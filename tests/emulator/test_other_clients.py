"""The AWS CLI and the JavaScript SDK, where they are present: clients that share no code with boto3's.

The CLI is looked for as `aws` (or AWS_CLI), the SDK as `@aws-sdk/client-rekognition` in NODE_PATH; without them the
tests are skipped and say so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import Emulator, serve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import Lines

AWS = os.environ.get("AWS_CLI") or shutil.which("aws")
NODE = shutil.which("node")
SDK = "@aws-sdk/client-rekognition"


def environment(emulator: Emulator) -> dict[str, str]:
    """The variables the emulator prints, and nothing of the user's AWS configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | emulator.environment | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def has_sdk() -> bool:
    """Whether node finds the SDK."""
    if not NODE:
        return False
    found = subprocess.run([NODE, "-e", f"require('{SDK}')"], capture_output=True, check=False)
    return found.returncode == 0


@pytest.mark.skipif(not AWS, reason="the AWS CLI is not installed (set AWS_CLI, or put `aws` on the path)")
def test_the_aws_cli(tmp_path: Path, lines: Lines) -> None:
    """All thirteen operations, pages put together, an error with its code."""
    updates = tmp_path / "updates.jsonl"
    updates.write_bytes(lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(150))))
    (tmp_path / "changes.json").write_text(json.dumps({"GroundTruth": updates.read_text()}))
    with serve() as emulator:

        def aws(*arguments: str, fails: bool = False) -> Any:  # noqa: ANN401 - any JSON
            done = subprocess.run(
                [str(AWS), "rekognition", *arguments, "--output", "json"],
                env=environment(emulator),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert (done.returncode != 0) is fails, done.stderr
            return done.stderr if fails else json.loads(done.stdout or "null")

        project = aws("create-project", "--project-name", "cells")["ProjectArn"]
        dataset = ("--project-arn", project, "--dataset-type")
        train = aws("create-dataset", *dataset, "TRAIN")["DatasetArn"]
        test = aws("create-dataset", *dataset, "TEST")["DatasetArn"]
        binary = ("--cli-binary-format", "raw-in-base64-out") if _is_version_2() else ()
        aws("update-dataset-entries", "--dataset-arn", train, "--changes", f"file://{tmp_path}/changes.json", *binary)
        status = aws("describe-dataset", "--dataset-arn", train)["DatasetDescription"]
        assert (status["Status"], status["DatasetStats"]["TotalEntries"]) == ("UPDATE_COMPLETE", 150)
        assert len(aws("list-dataset-entries", "--dataset-arn", train)["DatasetEntries"]) == 150
        assert aws("list-dataset-labels", "--dataset-arn", train)["DatasetLabelDescriptions"][0]["LabelName"] == "cat"
        aws("distribute-dataset-entries", "--datasets", f"Arn={train}", f"Arn={test}")
        aws("tag-resource", "--resource-arn", train, "--tags", "team=vision")
        assert aws("list-tags-for-resource", "--resource-arn", train) == {"Tags": {"team": "vision"}}
        aws("untag-resource", "--resource-arn", train, "--tag-keys", "team")
        assert "ResourceInUseException" in aws("delete-project", "--project-arn", project, fails=True)
        for arn in (train, test):
            aws("delete-dataset", "--dataset-arn", arn)
        aws("delete-project", "--project-arn", project)
        assert aws("describe-projects") == {"ProjectDescriptions": []}


def _is_version_2() -> bool:
    shown = subprocess.run([str(AWS), "--version"], capture_output=True, text=True, check=True).stdout
    return shown.startswith("aws-cli/2")


SCRIPT = """
const sdk = require("@aws-sdk/client-rekognition");
const client = new sdk.RekognitionClient({});
const send = (name, input) => client.send(new sdk[name + "Command"](input));
(async () => {
  const project = (await send("CreateProject", {ProjectName: "cells"})).ProjectArn;
  const train = (await send("CreateDataset", {ProjectArn: project, DatasetType: "TRAIN"})).DatasetArn;
  const test = (await send("CreateDataset", {ProjectArn: project, DatasetType: "TEST"})).DatasetArn;
  const lines = Buffer.from(process.env.LINES);
  await send("UpdateDatasetEntries", {DatasetArn: train, Changes: {GroundTruth: lines}});
  const described = (await send("DescribeDataset", {DatasetArn: train})).DatasetDescription;
  let entries = 0, labels = 0;
  for await (const page of sdk.paginateListDatasetEntries({client}, {DatasetArn: train})) {
    entries += page.DatasetEntries.length;
  }
  for await (const page of sdk.paginateListDatasetLabels({client}, {DatasetArn: train})) {
    labels += page.DatasetLabelDescriptions.length;
  }
  await send("DistributeDatasetEntries", {Datasets: [{Arn: train}, {Arn: test}]});
  await send("TagResource", {ResourceArn: train, Tags: {team: "vision"}});
  const tags = (await send("ListTagsForResource", {ResourceArn: train})).Tags;
  await send("UntagResource", {ResourceArn: train, TagKeys: ["team"]});
  const errors = [];
  for (const [name, input] of [["DeleteProject", {ProjectArn: project}],
                               ["DescribeDataset", {DatasetArn: train.slice(0, -1) + "x1"}],
                               ["ListDatasetEntries", {DatasetArn: train, MaxResults: 101}]]) {
    try { await send(name, input); }
    catch (error) {
      errors.push([error.name, error.$metadata.httpStatusCode, error instanceof sdk.RekognitionServiceException]);
    }
  }
  await send("DeleteDataset", {DatasetArn: train});
  await send("DeleteDataset", {DatasetArn: test});
  await send("DeleteProject", {ProjectArn: project});
  const left = (await send("DescribeProjects", {})).ProjectDescriptions.length;
  console.log(JSON.stringify({status: described.Status, date: described.LastUpdatedTimestamp instanceof Date,
                              entries, labels, tags, errors, left}));
})().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.mark.skipif(not has_sdk(), reason=f"node or {SDK} is not there (install it and set NODE_PATH)")
def test_the_javascript_sdk(lines: Lines) -> None:
    """All thirteen operations, paginators, dates, typed errors."""
    with serve() as emulator:
        payload = lines.payload(*(lines.image(f"{number}.jpg", f"l{number % 120}") for number in range(240)))
        done = subprocess.run(
            [str(NODE), "-e", SCRIPT],
            env=environment(emulator) | {"LINES": payload.decode()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "status": "UPDATE_COMPLETE",
        "date": True,
        "entries": 240,
        "labels": 120,
        "tags": {"team": "vision"},
        "errors": [
            ["ResourceInUseException", 400, True],
            ["ValidationException", 400, True],
            ["ValidationException", 400, True],
        ],
        "left": 0,
    }
