"""The texts of the help: commands, exit codes, examples.

Knows words. Refuses to know options (`reconciler.cli.arguments`).
"""

from typing import Final

__all__ = ["COMMANDS", "EPILOGS", "EXIT_CODES"]

COMMANDS: Final = {
    "validate": "read all declarations and manifests and report every finding; needs no AWS account",
    "plan": "show what an apply would change; changes nothing",
    "apply": "show the plan, ask, and make the live datasets equal to the manifests",
    "restore": "bring a snapshot back: show the plan, ask, and make the live dataset hold what it held",
}
EXIT_CODES: Final = """\
exit codes:
  0    done
  1    failed: the service, the network or this machine
  2    there are changes (only with `plan --exit-code`)
  3    bad input or usage; nothing was sent
  4    refused by a policy or guard, or by the answer to `Apply?`; nothing was sent
  5    applied, but lines were rejected
  130  interrupted by Ctrl-C (143: by SIGTERM)
"""
EPILOGS: Final = {
    None: """\
examples:
  reconciler validate                          check everything under ./datasets
  reconciler plan --project blood-cells        what would change in one project
  reconciler plan --exit-code --json > plan.json
  reconciler apply --yes -v                    apply without asking, showing every call

Options stand after the command: `reconciler plan --help` lists them.
""",
    "validate": """\
examples:
  reconciler validate
  reconciler validate elsewhere/datasets --json
""",
    "plan": """\
examples:
  reconciler plan
  reconciler plan --project blood-cells --all
  reconciler plan --exit-code                  exit 2 when anything would change, for scripts
""",
    "apply": """\
examples:
  reconciler apply                             shows the plan and asks
  reconciler apply --project blood-cells --yes

Datasets are applied one after another. A failure stops its project; the next project goes on, and the exit code is
that of the worst failure. A project with `managed: true` is never created here: `pulumi up` does that. Pulumi's state
is left alone; the next `pulumi up` records what was applied.

The first Ctrl-C finishes the running batch and stops; a second one leaves at once.
""",
    "restore": """\
examples:
  reconciler restore .reconciler/snapshots/train-blood-cells-1a2b3c4d-20260131T120000000000Z.jsonl.gz \\
      --project blood-cells --type train
  reconciler restore s3://my-bucket/snapshots/train-....jsonl.gz --dataset-arn ARN --yes

A snapshot is written before a dataset is deleted (`extra: replace`, `destroy: delete`). Every line of it is sent that
live has not, or has otherwise; fields that the service adds are left out. A dataset that is gone is created; entries
that the snapshot has not stay as they are. The manifests are not touched: the next apply makes live equal to them.
""",
}
