"""The texts of the help: commands, exit codes, examples."""

from typing import Final

COMMANDS: Final = {
    "init": "write what a repository needs: project.yaml, manifests of what is live, a program, the jobs of a forge",
    "validate": "read all declarations and manifests and report every finding; needs no AWS account",
    "plan": "show what an apply would change; changes nothing",
    "drift": "tell whether live is still what the last apply read back; changes nothing",
    "apply": "show the plan, ask, and make the live datasets equal to the manifests",
    "pull": "write what is live into the manifests",
    "rm": "move entries out of the manifests into `retired`: the next apply takes their labels off; no AWS account",
    "rename-label": "give a label a different name in both manifests and in project.yaml",
    "split": "deal new entries to the manifests of train and test; what is in one of them stays there",
    "fmt": "write project.yaml and YAML manifests in one layout; what they mean, comments and anchors stay",
    "restore": "bring back a snapshot, or what an apply overwrote: show the plan, ask, and send the entries",
    "history": "show what was applied when, by whom, from which commit, with which overrides",
    "doctor": "check what an apply needs: credentials, permissions, images, versions; changes nothing",
    "report": "show a saved plan as text, Markdown, HTML or JSON; needs no AWS account",
    "diff": "show what changes between two manifests, folders or git revisions; needs no AWS account",
    "convert": "turn annotations of another format into a manifest, or a manifest into them; needs no AWS account",
    "explain": "explain a code of a finding: what is wrong, the cure, the source",
    "completion": "print the script that completes commands and options in bash, zsh or fish",
    "help": "explain the program or one of its commands",
}
EXIT_CODES: Final = """\
exit codes:
  0    done
  1    failed: the service, the network or this machine; or a check of `doctor` that would stop an apply
  2    there are changes (`plan` and `diff`, only with `--exit-code`), drift (`drift`), entries left (`pull`), or files
       to format (`fmt --check`)
  3    bad input or usage; with `validate --strict` a finding above a note, a danger, or a training that would not
       start; a question that nobody can answer (no terminal and no `--yes`); nothing was sent
  4    refused by a policy or guard, or by the answer to `Apply?`; nothing was sent, or the rest was not
  5    applied, but lines were rejected
  130  interrupted by Ctrl-C (143: by SIGTERM, 129: the terminal was closed)
"""
_EPILOGS: Final = {
    None: """\
examples:
  reconciler validate                          check everything under ./datasets
  reconciler plan --project blood-cells        what would change in one project
  reconciler plan --exit-code --json > plan.json
  reconciler apply --yes -v                    apply without asking, showing every call
  reconciler diff main datasets                what this branch changes, without an account

Options come after the command: `reconciler plan --help` lists them.
""",
    "init": """\
examples:
  reconciler init blood-cells                  declare one project, and write what is live into manifests
  reconciler init                              all projects of the account in the Region
  reconciler init blood-cells --github         and a workflow: review, apply, drift
  reconciler init blood-cells --pulumi         and a Pulumi program

Run it in any git repository. A file that is there is kept, and a folder that holds something else is refused. A
project that is live is declared `managed: false`, with its account and Region, and gets manifests as `reconciler pull`
writes them. One that is not live is named in a warning, with the live names that look like it; with --pulumi it is
declared `managed: true`, but not where the live projects could not be listed.

The jobs of --github and --gitlab keep records and copies of live under RECONCILER_PLACE, an s3://BUCKET/FOLDER, and
fail while it is not set. The workflow of --github calls the Action of the repository that RECONCILER_ACTION names.
With --pulumi they run `pulumi preview`, `pulumi up` and `pulumi refresh`, and the places are
reconciler:snapshots and reconciler:audit.
""",
    "validate": """\
examples:
  reconciler validate
  reconciler validate elsewhere/datasets --json
  reconciler validate train.jsonl              one manifest by itself
  reconciler validate --since origin/main      judge only what this branch changes
""",
    "plan": """\
examples:
  reconciler plan
  reconciler plan --project blood-cells --all
  reconciler plan --exit-code                  exit 2 when anything would change, for scripts
  reconciler plan --save plan.json --markdown comment.md --base origin/main
  reconciler plan --html plan.html --pictures photos/

A saved plan has an id: `reconciler apply --plan ID` applies that plan and no other. The views are written even if the
plan fails; then they contain the error.
""",
    "drift": """\
examples:
  reconciler drift                             exit 2 when live is no longer what the last apply read back
  reconciler drift --project blood-cells --json
  reconciler drift --base origin/main          only live changes that an apply would undo

A difference is where live differs from the manifest: `plan` shows it. Drift is where live differs from what the last
apply read back, whose record is in .reconciler/audit beside the datasets: somebody else changed it, or that apply did
not finish. Images that were added without labels do not count. Without a record every difference counts as drift.
`pulumi refresh` judges in the same way, from the Pulumi state.
""",
    "apply": """\
examples:
  reconciler apply                             shows the plan and asks
  reconciler apply --project blood-cells --yes
  reconciler apply --plan plan.json --yes      only what was reviewed

Datasets are applied one after another. A failure stops its project; the next project is applied, and the exit code
is that of the worst failure. A project with `managed: true` is not created: `pulumi up` does that. The Pulumi
state does not change; the next `pulumi up` records what was applied.

With --plan nothing is sent unless the changes of every dataset are still those that were reviewed; differences are
reported. The environment variable RECONCILER_PLAN=ID does the same for every dataset of `pulumi up`.

After the first Ctrl-C the apply finishes the running batch and stops; a second Ctrl-C stops it at once.
""",
    "pull": """\
examples:
  reconciler pull                              what only live changed; manifests of datasets that have none
  reconciler pull --project cells --format yaml
  reconciler pull --only 'new/*' --conflicts live
  reconciler pull --patch live.patch           a patch in place of edits
  reconciler pull --retire 'deleted in the console' --only 'old/*'

A dataset without a manifest gets one, in the order of the listing and without the fields that the service adds. YAML
has the short form where nothing is lost by it. In a manifest that is there, entries that live changed since the last
apply become live's, and every other byte stays as it was; on a terminal each is shown and asked about. What git changed
too is listed and left; what only git changed stays. Where nothing of the last apply is at hand, nothing is written
without a choice. A label that the closed list in project.yaml lacks is added to it. Exit code 2: entries that live
changed were left as they are.
""",
    "rm": """\
examples:
  reconciler rm cells/0001.jpg --reason blurred
  reconciler rm 's3://my-bucket/cells/old/*' --reason 'taken with the old camera' --project cells
  reconciler rm cells/0001.jpg --type train --reason 'moved to test'

The service deletes no entry: an image that is only removed from a manifest stays live with its labels. A retired one
loses them with the next apply, whatever `extra` says. Files are edited by position; comments and all other lines stay.
""",
    "rename-label": """\
examples:
  reconciler rename-label RBC "Red cell"
  reconciler rename-label RBC "Red cell" --project blood-cells --patch rename.patch
  reconciler rename-label Erythrocyte RBC --merge          two labels become one

Only the text of the label changes; comments, order, quotes and line ends of all else stay. `reconciler plan` then shows
one rename, and the guard `rename` asks for a reason where it is large.
""",
    "split": """\
examples:
  reconciler split new.jsonl --project blood-cells
  reconciler split new.jsonl --project traffic --test 15% --group '/(video-[0-9]+)/'

New entries are added to the ends of the two manifests, so that each label has its share in test. The entries of a
group, such as the frames of a video, stay together. The same files give the same result.
""",
    "fmt": """\
examples:
  reconciler fmt                               every project.yaml and every YAML manifest
  reconciler fmt --check                       write nothing; exit 2 when a file would change
  reconciler fmt datasets/cells/train.yaml     these files only, for a hook
  reconciler fmt --jsonl                       JSON Lines too: every line changes, and `git blame` with it

Keys get one order, lists and mappings are indented by two blanks, and each box is on one line. Quotes, comments,
anchors and the order of entries stay. A file in which something could not be kept is named and stays as it is.
""",
    "restore": """\
examples:
  reconciler restore .reconciler/snapshots/train-blood-cells-1a2b3c4d-20260131T120000000000Z.jsonl.gz \\
      --project blood-cells --type train
  reconciler restore s3://my-bucket/snapshots/train-....jsonl.gz --dataset-arn ARN --yes
  reconciler restore 0123456789abcdef --dry-run    what the apply with this record overwrote

A snapshot is written before a dataset is deleted (`extra: replace`, `destroy: delete`). A line is sent if live does
not have its entry or has a different one, without the fields that the service adds. A dataset that was deleted is
created again. Entries that the snapshot does not contain are left alone. The manifests do not change: the next apply
makes the live dataset equal to them.

An apply keeps the lines that it overwrites and shows the id of its record. With that id, an entry is sent only if its
live line is still the one that the apply sent; the others are listed, and --force sends them too. A record in S3 is
named by its address, s3://BUCKET/FOLDER/....json.
""",
    "history": """\
examples:
  reconciler history
  reconciler history --project blood-cells --type train --limit 5
  reconciler history --audit s3://my-bucket/records/ --json

Records are read from .reconciler/audit beside the datasets and from --audit; those of a clone are not believed.
""",
    "doctor": """\
examples:
  reconciler doctor
  reconciler doctor --project blood-cells --json
  reconciler doctor -v                         with the source of each demand

One line for each check: its state, what was found, the cure. Permissions to read are tried by calls that change
nothing; permissions to write are simulated by IAM where iam:SimulatePrincipalPolicy is allowed, and else not tried.
Only "fails" stops an apply. The credentials are those of this command; `pulumi up` uses those of its stack's
configuration.
""",
    "report": """\
examples:
  reconciler report plan.json                  as text
  reconciler report plan.json --format markdown -o comment.md
  reconciler report plan.json --format html -o plan.html --pictures photos/
""",
    "diff": """\
examples:
  reconciler diff main datasets                what the working folder changes in the branch main
  reconciler diff v1 v2 --format html -o v2.html
  reconciler diff train.jsonl train.yaml --exit-code
  reconciler diff HEAD~1 datasets/cells        one project
  reconciler diff v1 datasets/cells/train.jsonl
  reconciler diff main:labels/cells datasets/cells

A revision without a path means the path of the other side, in that revision. The path in main:labels starts at the root
of the repository. Manifests with errors are compared as far as they can be read; the report contains their findings.
The command needs neither credentials nor a network.
""",
    "convert": """\
examples:
{examples}

{reads}

--to writes a manifest in a different form, or annotations for other tools:
{writes}

What is clipped, left out or unusual is reported on standard error. After an error nothing is written. The same files
always give the same lines.
""",
    "explain": """\
examples:
  reconciler explain source-ref-missing
  reconciler explain ERROR_INVALID_BOUNDING_BOX

docs/findings.md has all codes in one page.
""",
    "completion": """\
examples:
  reconciler completion bash > ~/.local/share/bash-completion/completions/reconciler
  reconciler completion zsh > "${fpath[1]}/_reconciler"
  reconciler completion fish > ~/.config/fish/completions/reconciler.fish

A new shell reads the script once and does not start this program to complete a word. Write the script again after an
upgrade.
""",
    "help": """\
examples:
  reconciler help
  reconciler help apply
""",
}


def epilog_of(command: str | None) -> str:
    """What the help of a command says below its options (None: that of the program)."""
    text = _EPILOGS[command]
    if command == "convert":
        from reconciler.formats import EXPORTERS, FORMATS  # noqa: PLC0415 - only this text names them

        examples = "\n".join(f"  reconciler convert {row.example}" for row in FORMATS.values())
        reads = "\n".join(f"{name:<12} {row.reads}" for name, row in FORMATS.items())
        writes = "\n".join(f"{name:<12} {row.writes}" for name, row in EXPORTERS.items())
        text = text.format(examples=examples, reads=reads, writes=writes)
    return f"{text}\n{EXIT_CODES}"
