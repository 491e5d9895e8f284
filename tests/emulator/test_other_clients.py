"""The AWS CLI and the JavaScript SDK, where they are present (clients.py): they share no code with boto3's."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import serve
from tests.emulator.clients import AWS, NO_AWS, NO_JS, NODE, environment, has_js_sdk, is_version_2

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import Lines


@pytest.mark.skipif(not AWS, reason=NO_AWS)
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
                timeout=120,
                check=False,
            )
            assert (done.returncode != 0) is fails, done.stderr
            return done.stderr if fails else json.loads(done.stdout or "null")

        project = aws("create-project", "--project-name", "cells")["ProjectArn"]
        dataset = ("--project-arn", project, "--dataset-type")
        train = aws("create-dataset", *dataset, "TRAIN")["DatasetArn"]
        test = aws("create-dataset", *dataset, "TEST")["DatasetArn"]
        binary = ("--cli-binary-format", "raw-in-base64-out") if is_version_2() else ()
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
  let entries = 0, labels = 0, projects = 0;
  for await (const page of sdk.paginateDescribeProjects({client, pageSize: 1}, {})) {
    projects += page.ProjectDescriptions.length;
  }
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
                               ["DescribeDataset", {DatasetArn: train + "1"}],
                               ["ListDatasetEntries", {DatasetArn: train, NextToken: "x"}],
                               ["CreateDataset", {ProjectArn: project, DatasetType: "TRAIN"}],
                               ["DetectFaces", {Image: {Bytes: lines}}],
                               ["ListDatasetEntries", {DatasetArn: train, MaxResults: 101}]]) {
    try { await send(name, input); }
    catch (error) {
      const own = sdk[error.name];
      errors.push([error.name, error.$metadata.httpStatusCode, error instanceof sdk.RekognitionServiceException,
                   own ? error instanceof own && Boolean(error.Logref) : null]);
    }
  }
  await send("DeleteDataset", {DatasetArn: train});
  await send("DeleteDataset", {DatasetArn: test});
  await send("DeleteProject", {ProjectArn: project});
  const left = (await send("DescribeProjects", {})).ProjectDescriptions.length;
  console.log(JSON.stringify({status: described.Status, date: described.LastUpdatedTimestamp instanceof Date,
                              projects, entries, labels, tags, errors, left}));
})().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.mark.skipif(not has_js_sdk(), reason=NO_JS)
def test_the_javascript_sdk(lines: Lines) -> None:
    """All thirteen operations, paginators, dates, typed errors."""
    with serve() as emulator:
        payload = lines.payload(*(lines.image(f"{number}.jpg", f"l{number % 120}") for number in range(240)))
        done = subprocess.run(
            [str(NODE), "-e", SCRIPT],
            env=environment(emulator) | {"LINES": payload.decode()},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "status": "UPDATE_COMPLETE",
        "date": True,
        "projects": 1,
        "entries": 240,
        "labels": 120,
        "tags": {"team": "vision"},
        "errors": [
            ["ResourceInUseException", 400, True, True],
            ["ValidationException", 400, True, None],
            ["ResourceNotFoundException", 400, True, True],
            ["InvalidPaginationTokenException", 400, True, True],
            ["ResourceAlreadyExistsException", 400, True, True],
            ["UnknownOperationException", 400, True, None],
            ["ValidationException", 400, True, None],
        ],
        "left": 0,
    }
