#!/bin/sh
# A project that a team labels in the console comes into git, somebody edits it there again, and nobody's work is lost.
#
#   first-day.sh PROJECT          in an empty folder, with AWS credentials of the project's account and AWS_REGION set
#
# PULUMI   the engine (default: pulumi); PULUMI_BACKEND_URL says where its state is (default: this folder)
# VENV     an environment that has rekognition-labels-as-code[pulumi]; without it one is made, which downloads it
# EDIT     a command that plays the colleague in the console; without it you are asked to edit an entry there
#
# Every step shows its command and stops the script if it does not end as it should.
set -eu
project=$1
PULUMI=${PULUMI:-pulumi}
export PULUMI_BACKEND_URL="${PULUMI_BACKEND_URL:-file://$PWD}" PULUMI_CONFIG_PASSPHRASE="${PULUMI_CONFIG_PASSPHRASE:-}"

# step CODE COMMAND...: run it; CODE is its exit code, or "fails" for any but 0. What it prints is kept in `said`.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
step() {
    expected=$1
    shift
    printf '\n$ %s\n' "$*"
    code=0
    "$@" >"$said" 2>&1 || code=$?
    cat "$said"
    if [ "$expected" = fails ] && [ "$code" -ne 0 ]; then return; fi
    [ "$code" = "$expected" ] || { echo "$0: exit code $code, and $expected was expected" >&2; exit 1; }
}

commit() {
    step 0 git add datasets .gitignore Pulumi*.yaml __main__.py requirements.txt
    step 0 git -c user.name=Example -c user.email=example@example.com commit --quiet --allow-empty --message "$1"
}

up() {
    # PULUMI may have arguments of its own.
    # shellcheck disable=SC2086
    step "$1" $PULUMI up --yes --skip-preview --non-interactive --stack dev
}

# --- Into git -------------------------------------------------------------------------------------------------------
if [ -n "${VENV:-}" ]; then
    ln -s "$VENV" .venv
else
    python3 -m venv .venv
    .venv/bin/pip install --quiet 'rekognition-labels-as-code[pulumi]'
fi
PATH=$PWD/.venv/bin:$PATH
step 0 git init --quiet
step 0 reconciler init "$project" --pulumi   # the declaration, the program, and what is live as manifests
step 0 reconciler pull                       # nothing is new: no byte changes
step 0 reconciler plan --exit-code           # empty: git and live are equal
printf 'config:\n  aws:region: %s\n' "$AWS_REGION" >Pulumi.dev.yaml
[ "$PULUMI" != pulumi ] || step 0 pulumi stack init dev
commit 'Labels as code'
up 0                                         # sends nothing, and records what is live

# --- Somebody goes on using the console -----------------------------------------------------------------------------
if [ -n "${EDIT:-}" ]; then
    step 0 sh -c "$EDIT"
else
    printf '\nRelabel an image of %s in the console, then press Enter. ' "$project"
    read -r _
fi
step 2 reconciler drift
# shellcheck disable=SC2086
step 7 $PULUMI refresh --preview-only --expect-no-changes --non-interactive --stack dev
up fails                                     # it would overwrite the edit: refused, and the entries are named
grep -q 'reconciler pull' "$said"
for edited in ${EDITED:-}; do grep -qF "$edited" "$said"; done

# --- Their work is kept ---------------------------------------------------------------------------------------------
step 0 reconciler pull                       # takes what only live changed
step 0 reconciler plan --exit-code           # empty again
commit 'Labels from the console'
up 0
step 0 reconciler drift
printf '\nThe edit is in git, and live is what git says.\n'
