"""The stage of a run, which `--stage` names."""

from msgspec.structs import replace

from reconciler.cli.session.read import Run
from reconciler.errors import BadInput
from reconciler.manifest.project.stages import NO_STAGE, STAGES_FILE, chosen_stage
from reconciler.text import inert


def enter(run: Run) -> None:
    """Have the run be in its stage; options go before what the stage says.

    Raises:
        BadInput: there is no stages.yaml, or it has no such stage. InvalidDeclaration: it has findings.
    """
    options = run.options
    stage = chosen_stage(options.datasets, str(options.datasets), options.stage, "--stage")
    if stage == NO_STAGE:
        file = inert(str(options.datasets / STAGES_FILE))
        raise BadInput(f"--stage {inert(options.stage)}: there is no {file}; write it, or leave --stage out")
    run.stage = replace(stage, region=options.region or stage.region)
    snapshots, audit = options.snapshots or stage.snapshots, options.audit or stage.audit
    manifests = options.manifest_bucket or stage.manifests or None
    run.options = replace(options, snapshots=snapshots or None, audit=audit or None, manifest_bucket=manifests)
