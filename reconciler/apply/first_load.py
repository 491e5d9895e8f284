"""The first load of a large dataset from a manifest in S3: one CreateDataset in place of one update for each batch.

The manifest has the lines that batches would have. It is named by their digest, so that a load that is made again
overwrites nothing else; it is uploaded before the dataset is created, and before one that it replaces is deleted. It
stays in the bucket: AWS does not say for how long it is read.
"""

from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from msgspec import Struct

from reconciler.apply.context import Context, ManifestPlace, Target
from reconciler.aws.objects import S3Address
from reconciler.errors import ServiceError
from reconciler.ledger import SendQueue
from reconciler.text import inert


class FirstLoad(Struct, frozen=True):
    """A manifest in S3: where it is, how many bytes it has, and what AWS says where it cannot be read."""

    address: S3Address
    bytes: int

    @property
    def cure(self) -> str:
        """What to do about a load from it that failed."""
        return (
            f"it was loaded from {inert(str(self.address))}: check that this bucket is in the project's Region and "
            "account and that s3:GetObject is allowed there, then run again; where no bucket for manifests is named it "
            "is loaded in batches, which find the lines at fault"
        )

    def about(self, error: ServiceError) -> ServiceError:
        """An error of CreateDataset; with the cure where AWS says that it cannot read the manifest."""
        if error.code != "InvalidS3ObjectException":
            return error
        names = {"code": error.code, "operation": error.operation, "request_id": error.request_id}
        return ServiceError(f"{error}; {self.cure}", **names)


def upload(context: Context, place: ManifestPlace, queue: SendQueue, target: Target) -> FirstLoad:
    """Write the lines of the queue to a manifest in S3.

    Raises:
        ReconcilerError: S3 cannot be written.
    """
    digest, total = sha256(), 0
    context.tell("uploading the manifest to S3")
    with NamedTemporaryFile(prefix="reconciler-", suffix=".manifest") as file:
        for change in queue.changes():
            line = (change.desired or b"") + b"\n"
            total += file.write(line)
            digest.update(line)
        file.flush()
        address = place.address / f"{target.dataset_type.word}-{digest.hexdigest()[:32]}.manifest"
        place.objects().upload(address, Path(file.name))
    return FirstLoad(address, total)
