// The story of ../README.md, told with the AWS SDK for JavaScript: `node story.mjs MANIFEST`.

import { readFileSync } from "node:fs";
import { inspect, isDeepStrictEqual } from "node:util";
import * as sdk from "@aws-sdk/client-rekognition";

const client = new sdk.RekognitionClient({});
const EMPTY = [0, 0, 0, 0];
const FILLED = [120, 118, 4, 2];

const send = (operation, input = {}) => client.send(new sdk[`${operation}Command`](input));
const bytes = (...lines) => Buffer.from(lines.join("\n"));
const keys = (lines) => lines.map((line) => JSON.parse(line)["source-ref"]);

/** End the program unless an answer is the one that is wanted. */
function check(what, got, wanted) {
  if (!isDeepStrictEqual(got, wanted)) throw new Error(`${what}: ${inspect(got)} instead of ${inspect(wanted)}`);
}

/** Check that a call is refused: name, HTTP status, and class and log reference if the error is modelled. */
async function refused(name, operation, input) {
  const error = await send(operation, input).then(() => undefined, (reason) => reason);
  check(`error of ${operation}`, [error?.name, error?.$metadata?.httpStatusCode], [name, 400]);
  check(`${operation} throws a service exception`, error instanceof sdk.RekognitionServiceException, true);
  if (sdk[name]) {
    check(`${operation} throws ${name}`, error instanceof sdk[name], true);
    check(`log reference of ${operation}`, error.Logref, error.$metadata.requestId);
  }
}

/** Status, status message code, and the statistics: entries, labelled ones, labels, entries with errors. */
async function described(arn) {
  const { Status, StatusMessageCode, DatasetStats: stats } = (await send("DescribeDataset", { DatasetArn: arn })).DatasetDescription;
  return [Status, StatusMessageCode, stats.TotalEntries, stats.LabeledEntries, stats.TotalLabels, stats.ErrorEntries];
}

const message = async (arn) => (await send("DescribeDataset", { DatasetArn: arn })).DatasetDescription.StatusMessage;

/** Let the work of 10 seconds end. */
async function advance() {
  const url = `${process.env.AWS_ENDPOINT_URL_REKOGNITION}/_emulator/clock`;
  check("status of the clock", (await fetch(url, { method: "POST", body: '{"advance": 10}' })).status, 200);
}

/** Check the status of a dataset that is at work, let the work end, and check what `described` says after it. */
async function wait(arn, busy, ...after) {
  check("status at work", (await described(arn))[0], busy);
  await advance();
  check(`dataset after ${busy}`, await described(arn), after);
}

/** The pages of a listing, as the SDK's paginator gets them. */
async function pages(operation, input, pageSize) {
  const found = [];
  for await (const page of sdk[`paginate${operation}`]({ client, pageSize }, input)) found.push(page);
  return found;
}

/** All lines of a dataset that the filters let through. */
async function entries(arn, filters = {}) {
  return (await pages("ListDatasetEntries", { DatasetArn: arn, ...filters })).flatMap((page) => page.DatasetEntries);
}

async function projects() {
  const zoo = (await send("CreateProject", { ProjectName: "zoo" })).ProjectArn;
  const copies = (await send("CreateProject", { ProjectName: "copies" })).ProjectArn;
  await refused("ResourceInUseException", "CreateProject", { ProjectName: "zoo" });
  await refused("ValidationException", "CreateProject", { ProjectName: "no blanks" });
  await refused("UnknownOperationException", "DetectFaces", { Image: { Bytes: bytes("image") } });
  const named = (await send("DescribeProjects", { ProjectNames: ["zoo", "unknown"] })).ProjectDescriptions;
  const { CreationTimestamp, ...shown } = named[0];
  check("projects of two names", named.length, 1);
  check("project", shown, { ProjectArn: zoo, Status: "CREATED", Datasets: [], Feature: "CUSTOM_LABELS" });
  check("type of CreationTimestamp", CreationTimestamp instanceof Date, true);
  const found = await pages("DescribeProjects", {}, 1);
  check("pages of projects", found.map((page) => page.ProjectDescriptions.map((each) => each.ProjectArn)), [[zoo], [copies]]);
  return [zoo, copies];
}

async function datasets(project) {
  const create = { ProjectArn: project, DatasetType: "TRAIN" };
  const train = (await send("CreateDataset", { ...create, Tags: { team: "zoo" } })).DatasetArn;
  const test = (await send("CreateDataset", { ...create, DatasetType: "TEST" })).DatasetArn;
  await refused("ResourceNotFoundException", "CreateDataset", { ...create, ProjectArn: `${project}1` });
  await refused("InvalidParameterException", "CreateDataset", { ...create, DatasetSource: {} });
  await refused("ResourceAlreadyExistsException", "CreateDataset", create);
  await refused("ResourceNotReadyException", "ListDatasetEntries", { DatasetArn: train });
  await wait(train, "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "SUCCESS", ...EMPTY);
  check("TEST dataset", await described(test), ["CREATE_COMPLETE", "SUCCESS", ...EMPTY]);
  const found = (await send("DescribeProjects", { ProjectNames: ["zoo"] })).ProjectDescriptions[0].Datasets;
  const shown = found.map((each) => [each.DatasetType, each.DatasetArn, each.Status]).sort();
  check("datasets", shown, [["TEST", test, "CREATE_COMPLETE"], ["TRAIN", train, "CREATE_COMPLETE"]]);
  return [train, test];
}

async function fill(train, lines) {
  const update = (...sent) => send("UpdateDatasetEntries", { DatasetArn: train, Changes: { GroundTruth: bytes(...sent) } });
  await update(...lines);
  await refused("ResourceInUseException", "UpdateDatasetEntries", { DatasetArn: train, Changes: { GroundTruth: bytes(lines[0]) } });
  await refused("ResourceInUseException", "DeleteDataset", { DatasetArn: train });
  await wait(train, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "SUCCESS", ...FILLED);
  const found = (await send("DescribeDataset", { DatasetArn: train })).DatasetDescription;
  check("updated after creation", found.LastUpdatedTimestamp > found.CreationTimestamp, true);
  await update(lines[0].replace("farm/000", "farm/100"), lines[1].replace("//animals", "//plants"));
  await wait(train, "UPDATE_IN_PROGRESS", "UPDATE_FAILED", "CLIENT_ERROR", ...FILLED);
  check("message", await message(train), "The manifest file contains images from multiple S3 buckets.");
}

async function pagesOfEntries(train, lines) {
  const first = await send("ListDatasetEntries", { DatasetArn: train, NextToken: "" });
  check("entries of a first page", keys(first.DatasetEntries), keys(lines.slice(0, 100)));
  const second = await send("ListDatasetEntries", { DatasetArn: train, NextToken: first.NextToken });
  check("entries of the last page", keys(second.DatasetEntries), keys(lines.slice(100)));
  check("token of the last page", second.NextToken, undefined);
  const found = await pages("ListDatasetEntries", { DatasetArn: train }, 50);
  check("sizes of pages", found.map((page) => page.DatasetEntries.length), [50, 50, 20]);
  await refused("ValidationException", "ListDatasetEntries", { DatasetArn: train, MaxResults: 101 });
  await refused("InvalidPaginationTokenException", "ListDatasetEntries", { DatasetArn: train, NextToken: "x" });
}

async function contentOfEntries(train, lines) {
  const found = (await entries(train)).map((line) => JSON.parse(line));
  check("number of entries", found.length, lines.length);
  for (const [number, { "cl-metadata": metadata, "cl-errors": errors = [], ...listed }] of found.entries()) {
    const key = listed["source-ref"];
    const wrong = key.includes("/wrong/");
    check(`cl-metadata of ${key}`, metadata, { is_labeled: !key.includes("/blank/") });
    check(`errors of ${key}`, errors.map((each) => each.code), wrong ? ["ERROR_NO_VALID_LABEL_ATTRIBUTES"] : []);
    if (wrong) {
      const inside = listed["animal-metadata"]["cl-errors"].map((each) => each.code);
      check(`error in the metadata of ${key}`, inside, ["ERROR_UNSUPPORTED_USE_CASE_TYPE"]);
      delete listed["animal-metadata"]["cl-errors"];
    }
    check(`line of ${key}`, listed, JSON.parse(lines[number]));
  }
}

async function filters(train) {
  const count = async (wanted) => (await entries(train, wanted)).length;
  check("entries of a folder", await count({ SourceRefContains: "/wild/" }), 16);
  check("labelled entries", await count({ Labeled: true }), 118);
  check("entries without labels", await count({ Labeled: false }), 2);
  const errors = keys(await entries(train, { HasErrors: true }));
  check("entries with errors", errors, ["s3://animals/wrong/0.jpg", "s3://animals/wrong/1.jpg"]);
  check("entries without the filter for errors", await count({ HasErrors: false }), 120);
  check("entries with one label", await count({ ContainsLabels: ["cow"] }), 50);
  check("entries with one of two labels", await count({ ContainsLabels: ["cow", "fox"] }), 66);
  check("entries with an unknown label", await count({ ContainsLabels: ["Cow"] }), 0);
  check("entries of two filters", await count({ ContainsLabels: ["cow", "fox"], SourceRefContains: "/farm/00" }), 5);
}

async function edit(train) {
  const found = await entries(train, { SourceRefContains: "farm/007.jpg" });
  check("entries of one image", found.length, 1);
  const edited = found[0].replace("cow", "goat");
  await send("UpdateDatasetEntries", { DatasetArn: train, Changes: { GroundTruth: bytes(edited) } });
  await wait(train, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "SUCCESS", 120, 118, 5, 2);
  check("the edited line", await entries(train, { ContainsLabels: ["goat"] }), [edited]);
  check("entries that are left with cow", (await entries(train, { ContainsLabels: ["cow"] })).length, 49);
}

async function labels(train) {
  const found = (await pages("ListDatasetLabels", { DatasetArn: train }, 2)).map((page) => page.DatasetLabelDescriptions);
  check("sizes of pages of labels", found.map((page) => page.length), [2, 2, 1]);
  const counts = Object.fromEntries(found.flat().map((each) => [each.LabelName, each.LabelStats]));
  const boxed = { EntryCount: 16, BoundingBoxCount: 16 };
  const plain = { horse: { EntryCount: 50 }, cow: { EntryCount: 49 }, goat: { EntryCount: 1 } };
  check("labels", counts, { ...plain, fox: boxed, wolf: boxed });
}

async function distribute(train, test) {
  const before = await entries(train);
  const pair = { Datasets: [{ Arn: train }, { Arn: test }] };
  await send("DistributeDatasetEntries", pair);
  check("status of TEST", (await described(test))[0], "UPDATE_IN_PROGRESS");
  await wait(train, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "SUCCESS", 96, 94, 5, 1);
  check("TEST dataset", await described(test), ["UPDATE_COMPLETE", "SUCCESS", 24, 24, 4, 1]);
  check("entries of both datasets", [...(await entries(train)), ...(await entries(test))].sort(), before.sort());
  await refused("InvalidParameterException", "DistributeDatasetEntries", pair);
}

async function copy(project, source) {
  const create = async (DatasetType, DatasetSource) =>
    (await send("CreateDataset", { ProjectArn: project, DatasetType, DatasetSource })).DatasetArn;
  const manifest = (Name) => ({ GroundTruthManifest: { S3Object: { Bucket: "animals", Name } } });
  const train = await create("TRAIN", manifest("animals.manifest"));
  await wait(train, "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "SUCCESS", ...FILLED);
  check("message of an import", await message(train), "The dataset was successfully created from the manifest file.");
  const failed = await create("TEST", manifest("unknown.manifest"));
  await wait(failed, "CREATE_IN_PROGRESS", "CREATE_FAILED", "CLIENT_ERROR", ...EMPTY);
  check("message of a failed import", await message(failed), "The manifest file extension or contents are invalid.");
  await deleteDataset(failed);
  const test = await create("TEST", { DatasetArn: source });
  await wait(test, "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "SUCCESS", 96, 94, 5, 1);
  check("entries of a copy", await entries(test), await entries(source));
  return [train, test];
}

async function tags(train) {
  const listed = async () => (await send("ListTagsForResource", { ResourceArn: train })).Tags;
  check("tags of creation", await listed(), { team: "zoo" });
  await send("TagResource", { ResourceArn: train, Tags: { stage: "draft" } });
  check("tags after TagResource", await listed(), { team: "zoo", stage: "draft" });
  await send("UntagResource", { ResourceArn: train, TagKeys: ["team", "unknown"] });
  check("tags after UntagResource", await listed(), { stage: "draft" });
  await refused("ResourceNotFoundException", "ListTagsForResource", { ResourceArn: `${train}1` });
}

async function deleteDataset(arn) {
  await send("DeleteDataset", { DatasetArn: arn });
  check("status of a dataset that is deleted", (await described(arn))[0], "DELETE_IN_PROGRESS");
  await advance();
  await refused("ResourceNotFoundException", "DescribeDataset", { DatasetArn: arn });
}

const lines = readFileSync(process.argv[2], "utf8").trimEnd().split("\n");
const [zoo, copies] = await projects();
const [train, test] = await datasets(zoo);
await fill(train, lines);
await pagesOfEntries(train, lines);
await contentOfEntries(train, lines);
await filters(train);
await edit(train);
await labels(train);
await distribute(train, test);
const copied = await copy(copies, train);
await tags(train);
await refused("ResourceInUseException", "DeleteProject", { ProjectArn: zoo });
for (const arn of [train, test, ...copied]) await deleteDataset(arn);
for (const arn of [zoo, copies]) {
  check("status of a project", (await send("DeleteProject", { ProjectArn: arn })).Status, "DELETING");
}
await advance();
check("projects that are left", (await send("DescribeProjects")).ProjectDescriptions, []);
