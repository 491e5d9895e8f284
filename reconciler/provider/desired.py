"""The desired side of a resource: its manifest, read into a ledger, and what the inputs say of it."""

from dataclasses import replace
from pathlib import Path

from reconciler.ledger import Ledger
from reconciler.manifest import Findings, read_manifest
from reconciler.model import Compare, DatasetDeclaration
from reconciler.provider.properties import STATE_FORMAT, BadProperty, Inputs

__all__ = ["fill_desired", "with_digests"]


def fill_desired(inputs: Inputs, ledger: Ledger, *, is_training_too: bool = False) -> Findings:
    """Read the manifest that the inputs name, relative to the program, into the ledger.

    `is_training_too`: the project's other dataset has the same manifest, which is worth a note.

    Raises:
        BadProperty: no manifest is named, or by an absolute path, which would differ from machine to machine.
    """
    path = Path(inputs.manifest)
    if not inputs.manifest or path.is_absolute():
        raise BadProperty(
            "manifest", f"manifest must be a path relative to the Pulumi program, not {inputs.manifest!r}"
        )
    declaration = DatasetDeclaration(inputs.dataset_type, path, inputs.manifest, inputs.policy, is_training_too)
    return read_manifest(declaration, inputs.labels, ledger.accept)


def with_digests(inputs: Inputs, ledger: Ledger) -> Inputs:
    """The inputs with what the ledger's desired side holds: both digests and the number of entries."""
    facts = ledger.desired_facts(inputs.policy.compare)
    return replace(
        inputs,
        desired_digest=facts.digest,
        content_digest=ledger.desired_facts(Compare.STRICT).digest,
        entries=facts.entries,
        state_format=STATE_FORMAT,
    )
