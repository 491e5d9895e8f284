"""Random requests of all operations on existing resources: every reply is one that AWS's model allows.

Requests are generated from botocore's shapes, many of them nearly valid; botocore's own parser reads the replies.
"""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.parsers import create_parser

from rekognition_emulator import Clock, Latency, Limits, Settings
from rekognition_emulator.aws_json.wire import HttpRequest
from rekognition_emulator.settings import build_front_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator.web.front_end import FrontEnd

MODEL = botocore.session.Session().get_service_model("rekognition")
PARSER = create_parser("json")
OPERATIONS = {
    *("CreateProject", "DescribeProjects", "DeleteProject", "CreateDataset", "DescribeDataset", "DeleteDataset"),
    *("ListDatasetEntries", "ListDatasetLabels", "UpdateDatasetEntries", "DistributeDatasetEntries"),
    *("TagResource", "UntagResource", "ListTagsForResource"),
}
FRONT_END = {"ValidationException", "SerializationException"}
LABEL: dict[str, Any] = {"class-name": "cat", "confidence": 1, "human-annotated": "yes", "creation-date": "x"}
LABELS = {"a": 1, "a-metadata": LABEL | {"type": "groundtruth/image-classification"}}
LINES = [
    *(json.dumps({"source-ref": f"s3://bucket/{number}.jpg"} | LABELS) for number in range(8)),
    *('{"source-ref":"s3://other/a.jpg"}', '{"source-ref":"s3://bucket/b.jpg","x":1}', "{}", "", "\x00", "{" * 600),
]
TEXTS = ["cells", "a", "b", "cat", "bucket", "s3://bucket/1", "\ud800", "\x1b[31m", "é", "<b>", "", "x" * 300]


class RandomCalls:
    """An emulator with resources that a request may name."""

    def __init__(self) -> None:
        latency = Latency(create=2, update=2, distribute=2, delete=2, delete_project=2)
        self.clock = Clock(1.7e9)
        self.front_end: FrontEnd = build_front_end(Settings(latency=latency, limits=Limits(projects=6)), self.clock)
        self.arns = ["arn:aws:rekognition:us-east-1:111122223333:project/gone/1690405809285", "x"]
        self.tokens = ["", "junk"]
        self.chances = random.Random(4)  # noqa: S311 - the same requests in every run
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def value(self, shape: Any) -> Any:  # noqa: ANN401 - a shape of botocore, any JSON
        """A value for a shape; most of them are valid."""
        chances = self.chances
        if shape.type_name == "structure":
            drawn = {name: part for name, part in shape.members.items() if name in shape.required_members}
            drawn |= {name: part for name, part in shape.members.items() if chances.random() < 0.3}
            return {name: self.value(part) for name, part in drawn.items() if chances.random() < 0.99}
        if shape.type_name == "list":
            return [self.value(shape.member) for _ in range(chances.choice([1, 1, 2, 2, 3]))]
        if shape.type_name == "map":
            return {self.value(shape.key): self.value(shape.value) for _ in range(chances.randint(0, 2))}
        plain: dict[str, Callable[[], Any]] = {
            "integer": lambda: chances.choice([1, 1, 2, 100, 0, 101, "5"]),
            "boolean": lambda: chances.choice([True, False, False, None]),
            "blob": lambda: _blob(chances.choices(LINES, k=chances.randint(1, 12))),
        }
        return plain[shape.type_name]() if shape.type_name in plain else self._text(shape)

    def _text(self, shape: Any) -> str:  # noqa: ANN401 - a shape of botocore
        if shape.name.endswith("Arn"):
            named = [arn for arn in self.arns if ("/dataset/" in arn) is (shape.name == "DatasetArn")]
            return self.chances.choice([*named[-3:], *named[-3:], *self.arns])
        if shape.name == "ExtendedPaginationToken":
            return self.chances.choice(["", *self.tokens[-3:]])
        words: list[str] = [*shape.enum, *shape.enum, "NOPE"] if shape.enum else TEXTS
        return self.chances.choice(words)

    def call(self, operation: str, request: Any) -> None:  # noqa: ANN401 - any JSON
        """One request over the wire, whose reply must be one of the model."""
        target = {"x-amz-target": f"RekognitionService.{operation}", "content-type": "application/x-amz-json-1.1"}
        answer = self.front_end.handle(HttpRequest("POST", "/", target, json.dumps(request).encode()))
        shape: Any = MODEL.operation_model(operation)
        response = {"body": answer.body, "headers": answer.headers, "status_code": answer.status}
        parsed = PARSER.parse(response, shape.output_shape)
        if answer.status == 200:
            self.outcomes[operation, "ok"] += 1
            self._note(parsed)
            return
        code = parsed["Error"]["Code"]
        assert code in FRONT_END | {each.name for each in shape.error_shapes}, (operation, request, parsed)
        assert answer.status == 400, (operation, request, parsed)
        self.outcomes[operation, code] += 1

    def _note(self, reply: dict[str, Any]) -> None:
        for name in ("ProjectArn", "DatasetArn"):
            if name in reply:
                self.arns.append(reply[name])
        if "NextToken" in reply:
            self.tokens.append(reply["NextToken"])


def _blob(lines: list[str]) -> str:
    return base64.b64encode("\n".join(lines).encode()).decode()


def test_every_answer_to_a_random_request_is_one_of_the_model() -> None:
    """In thousands of calls nearly every operation succeeds and gets every common exception."""
    calls = RandomCalls()
    seldom = {"DeleteProject": 1, "DeleteDataset": 1}  # lest nothing lives long
    names = [name for name in sorted(OPERATIONS) for _ in range(seldom.get(name, 5))]
    for _ in range(6000):
        operation = calls.chances.choice(names)
        calls.call(operation, calls.value(MODEL.operation_model(operation).input_shape))
        calls.clock.advance(calls.chances.choice([0, 0, 0, 0, 1]))
    print("outcomes:", dict(sorted(calls.outcomes.items())))  # noqa: T201 - the histogram, shown with -s
    succeeded = {operation for operation, outcome in calls.outcomes if outcome == "ok"}
    assert succeeded >= OPERATIONS - {"DistributeDatasetEntries"}  # needs a pair; test_call_sequences.py has it
    assert len({outcome for operation, outcome in calls.outcomes if operation == "DistributeDatasetEntries"}) > 2
    refusals = {outcome for _, outcome in calls.outcomes} - {"ok"}
    assert refusals >= FRONT_END | {
        *("ResourceNotFoundException", "ResourceInUseException", "InvalidPaginationTokenException"),
        *("ResourceAlreadyExistsException", "InvalidParameterException", "ResourceNotReadyException"),
    }
