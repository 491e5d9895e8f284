"""Switches about manifests and their lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rekognition_emulator.switches.switch import CheckedSwitches, switch


@dataclass(frozen=True, kw_only=True)
class LineSwitches(CheckedSwitches):
    """The open questions about lines, payloads and manifests."""

    bare_line: Literal["accepted", "marked"] = switch(
        "accepted",
        "Is a line with only `source-ref` kept as an unlabelled image, or marked ERROR_NO_LABEL_ATTRIBUTES?",
        "AWS's CSV sample can write such lines and the procedure for deleting a label implies them",
    )
    zero_boxes: Literal["labeled", "unlabeled"] = switch(
        "labeled",
        "Is a detection line without boxes `is_labeled`?",
        "a published example with an invalid attribute is `is_labeled: true`: presence decides, not validity",
    )
    error_key: Literal["cl-errors", "errors"] = switch(
        "cl-errors",
        "Under which key does a listed line carry its errors?",
        "the only complete example of a live line has `cl-errors`; the prose says `errors`",
    )
    repeated_source_ref: Literal["first", "last", "none"] = switch(
        "first",
        "Which line is kept when a `source-ref` appears twice in one payload?",
        "AWS's CSV sample keeps the first",
    )
    invalid_share_on_update: bool = switch(
        default=True,
        question="Does the 20 % rule apply to the lines of UpdateDatasetEntries, as it applies to an import?",
        basis='"If there are too many content errors, dataset/update fails"',
    )
    invalid_share_of: Literal["the payload", "the dataset"] = switch(
        "the payload",
        "Is the limit of an update 20 % of its payload, or 20 % of the dataset's entries and the payload?",
        "the rule is about the lines of one manifest file",
    )
    invalid_share_counts: Literal["dropped", "dropped and marked"] = switch(
        "dropped",
        "Which lines count as invalid for the 20 % rule?",
        "ERROR_TOO_MANY_RECORDS_IN_ERROR is about terminal content errors",
    )
    labels_counted: Literal["declared", "used"] = switch(
        "declared",
        "Does TotalLabels (and the limit of 250) count class-map labels that no box uses?",
        'TotalLabels is documented as "labels declared in the dataset"',
    )
    string_label_value: Literal["accepted", "marked"] = switch(
        "accepted",
        'Is a string such as `"0"` taken as the value of an image-level label?',
        "SageMaker Ground Truth writes this form",
    )
    multilabel_type: Literal["marked", "accepted"] = switch(
        "marked",
        "Is `groundtruth/image-classification-multilabel` the type of an image-level label, or marked as unsupported?",
        "the guide's converter for SageMaker's output leaves this type; its page of formats has only "
        "`groundtruth/image-classification`",
    )
    source_ref_scheme: Literal["exact", "any case"] = switch(
        "exact",
        "Is `S3://` accepted for `s3://`?",
        "the guide has both spellings; its rule is `s3://bucket/path`",
    )
    existing_line: Literal["replaced", "merged"] = switch(
        "replaced",
        "Does a line replace the existing entry, or does the entry keep attributes that the line lacks?",
        "AWS's only way to delete a label is to send the line back without it",
    )
    failed_update: Literal["nothing", "what fits"] = switch(
        "nothing",
        "What is applied when an update fails for several buckets, too many rows or too many labels?",
        "the statistics of AWS's example of a failed update fit a dataset that did not change",
    )
    invalid_share_edge: Literal["more than", "at least"] = switch(
        "more than",
        "Does an import fail with more than 20 % invalid lines, or with exactly 20 % too?",
        "the rules say > 20 % and, for the warning, less than 20 %",
    )
    missing_images: Literal["ignored", "dropped"] = switch(
        "ignored",
        "Are image files looked up, and lines dropped if their image is not in a known bucket?",
        "ERROR_INVALID_IMAGE is not among the codes of dataset operations",
    )
    creation_date: Literal["any text", "a date"] = switch(
        "any text",
        "Must `creation-date` be a date?",
        "AWS's own examples have several forms, one of them with a space for the T",
    )
    listed_form: Literal["as sent", "byte for byte", "sorted keys", "numbers as floats", "label attributes only"] = (
        switch(
            "as sent",
            "How is a line listed? As compact JSON; only `byte for byte` lists a line without errors exactly as sent",
            "the published example is compact and has the attributes in the order sent",
        )
    )
    box_too_small: Literal["either side", "both sides"] = switch(
        "either side",
        "Is a box too small when one of its sides is at most 1 px, or only when both are?",
        "the rule is greater than 1 x 1 pixels; the message says height and width",
    )
    fractional_boxes: Literal["accepted", "marked"] = switch(
        "accepted",
        "May coordinates of a box be fractions of a pixel?",
        "every example has whole numbers; no rule is stated",
    )
    entries_in_error: Literal["labeled", "unlabeled"] = switch(
        "labeled",
        "Is an entry with errors `is_labeled`, and counted in LabeledEntries?",
        "the published example with an error is `is_labeled: true`",
    )
    unused_labels: Literal["forgotten", "kept"] = switch(
        "forgotten",
        "Is a label removed from the dataset when no entry has it any more?",
        "the guide deletes a label by removing all its annotations",
    )
    source_ref_compared: Literal["exactly", "URL-decoded"] = switch(
        "exactly",
        "Are `s3://bucket/a%20b` and `s3://bucket/a b` one image? (`?versionId=` is part of the key either way)",
        "the guide shows no encoded key; no rule is stated",
    )
    service_fields_sent: Literal["replaced", "kept"] = switch(
        "replaced",
        "Are the `cl-errors` of a line that is sent back replaced by new ones, or kept?",
        "the guide tells people to edit a listed line and send it back, so the service must accept them",
    )
    inferred_error_places: Literal["where the mistake is", "metadata", "line"] = switch(
        "where the mistake is",
        "Where in an entry are the errors whose place AWS does not show? (See the table of codes)",
        "the guide names four places of error lists and gives examples of four codes",
    )
    image_dimensions: Literal["judged", "ignored"] = switch(
        "judged",
        "Must `image_size` be from 64 to 4096 pixels?",
        "ERROR_INVALID_IMAGE_DIMENSION is documented for images with bounding boxes; their files are not opened",
    )
    label_name_most: int = switch(
        default=255,
        question="How many characters may the name of a label have?",
        basis="255 in the service model, 256 in the text of ERROR_INVALID_LABEL_NAME_LENGTH",
    )
    message_label_name_length: str = switch(
        "The length of the label name is invalid.",
        "Text of ERROR_INVALID_LABEL_NAME_LENGTH",
        "the guide gives none",
    )
    fewest_labels: int = switch(
        default=0,
        question="How many labels must a dataset have after an import or update, which fails with fewer? 0: any number",
        basis="ERROR_MANIFEST_TOO_FEW_LABELS is listed for training; its minimum is 2, or 1 with boxes",
    )
    classification_images: Literal["250,000", "500,000"] = switch(
        "250,000",
        "How many images may a dataset without boxes have? (`500,000` means twice `Limits.entries`)",
        "the quota pages say 250,000; the guide says that it can be raised to 500,000 for classification",
    )
