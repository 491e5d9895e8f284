#!/usr/bin/env bash
# Puts this version of `reconciler` into a venv of the runner, and names its Python for the next steps. A Python that the
# input `python` names has it already.
set -euo pipefail
python=${INPUT_PYTHON:-}
if [[ -z $python ]]; then
    venv=$RUNNER_TEMP/reconciler-venv
    python3 -m venv "$venv"
    python=$venv/bin/python
    "$python" -m pip --disable-pip-version-check install --quiet "$GITHUB_ACTION_PATH${INPUT_PICTURES:+[pictures]}"
fi
"$python" -c 'import reconciler' || {
    echo "::error title=labels::the Python of the input \`python\` does not have reconciler"
    exit 1
}
printf 'python=%s\n' "$python" >>"$GITHUB_OUTPUT"
