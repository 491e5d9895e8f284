"""The texts of the help: commands, exit codes, examples."""

from typing import Final

from reconciler.formats import FORMATS

COMMANDS: Final = {
    "validate": "read all declarations and manifests and report every finding; needs no AWS account",
    "plan": "show what an apply would change; changes nothing",
    "apply": "show the plan, ask, and make the live datasets equal to the manifests",
    "restore": "bring a snapshot back: show the plan, ask, and make the live dataset hold what it held",
    "report": "show a saved plan as text, Markdown, HTML or JSON; needs no AWS account",
    "diff": "show what changes between two manifests, folders or git revisions; needs no AWS account",
    "convert": "turn annotations of another format into the lines of a manifest; needs no AWS account",
    "completion": "print the script that completes commands and options in bash, zsh or fish",
    "help": "explain the program or one of its commands",
}
EXIT_CODES: Final = """\
exit codes:
  0    done
  1    failed: the service, the network or this machine
  2    there are changes (only with `--exit-code`)
  3    bad input or usage; nothing was sent
  4    refused by a policy or guard, or by the answer to `Apply?`; nothing was sent, or no more
  5    applied, but lines were rejected
  130  interrupted by Ctrl-C (143: by SIGTERM)
"""
_EXAMPLES: Final = "\n".join(f"  reconciler convert {row.example}" for row in FORMATS.values())
_READS: Final = "\n".join(f"{name:<6} {row.reads}" for name, row in FORMATS.items())
EPILOGS: Final = {
    None: """\
examples:
  reconciler validate                          check everything under ./datasets
  reconciler plan --project blood-cells        what would change in one project
  reconciler plan --exit-code --json > plan.json
  reconciler apply --yes -v                    apply without asking, showing every call
  reconciler diff main datasets                what this branch changes, without an account

Options come after the command: `reconciler plan --help` lists them.
""",
    "validate": """\
examples:
  reconciler validate
  reconciler validate elsewhere/datasets --json
  reconciler validate train.jsonl              one manifest by itself
""",
    "plan": """\
examples:
  reconciler plan
  reconciler plan --project blood-cells --all
  reconciler plan --exit-code                  exit 2 when anything would change, for scripts
  reconciler plan --save plan.json --markdown comment.md --base origin/main
  reconciler plan --html plan.html --images photos/

A saved plan has an id: `reconciler apply --plan ID` applies that plan and no other. The views are written however the
run ends; a plan that failed says so in them.
""",
    "apply": """\
examples:
  reconciler apply                             shows the plan and asks
  reconciler apply --project blood-cells --yes
  reconciler apply --plan plan.json --yes      only what was reviewed

Datasets are applied one after another. A failure stops its project; the next project goes on, and the exit code is
that of the worst failure. A project with `managed: true` is never created here: `pulumi up` does that. Pulumi's state
is left alone; the next `pulumi up` records what was applied.

With --plan nothing is sent unless every dataset's changes are still those that were reviewed; what moved is said. Under
Pulumi the environment variable RECONCILER_PLAN=ID does the same for every dataset of an up.

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
    "report": """\
examples:
  reconciler report plan.json                  as text
  reconciler report plan.json --format markdown -o comment.md
  reconciler report plan.json --format html -o plan.html --images photos/
""",
    "diff": """\
examples:
  reconciler diff main datasets                what the working folder changes in the branch main
  reconciler diff v1 v2 --format html -o v2.html
  reconciler diff train.jsonl train.yaml --exit-code
  reconciler diff HEAD~1 datasets/cells        one project
  reconciler diff v1 datasets/cells/train.jsonl
  reconciler diff main:labels/cells datasets/cells

A revision without a path stands for what the other side names, in that revision. The path of main:labels begins at the
root of the repository. Manifests with errors are compared as far as they can be understood; their findings are in the
report. It needs neither credentials nor a network.
""",
    "convert": f"""\
examples:
{_EXAMPLES}

{_READS}

What is clipped, left out or odd is said on standard error. With an error nothing is written. The same files always give
the same lines.
""",
    "completion": """\
examples:
  reconciler completion bash > ~/.local/share/bash-completion/completions/reconciler
  reconciler completion zsh > "${fpath[1]}/_reconciler"
  reconciler completion fish > ~/.config/fish/completions/reconciler.fish

A new shell reads the script once and never starts this program to complete a word. Write it anew after an upgrade.
""",
    "help": """\
examples:
  reconciler help
  reconciler help apply
""",
}
