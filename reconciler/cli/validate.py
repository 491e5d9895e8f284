"""`reconciler validate`: every finding of every manifest; no network.

Knows the order of the command. Refuses to know AWS.
"""

from reconciler.cli.reading import read_all, refuse_invalid
from reconciler.cli.record import Run
from reconciler.cli.terminal import Screen
from reconciler.cli.views import Views
from reconciler.errors import Exit
from reconciler.report.text import counted

__all__ = ["validate"]


def validate(run: Run, screen: Screen) -> Exit:
    """Read all and show all.

    Raises:
        BadInput: a declaration or a manifest has errors.
    """
    read_all(run, screen)
    views = Views(screen, limit=None, verbose=True)
    for one in run.datasets:
        views.validated(one)
    refuse_invalid(run)
    findings = [one.findings for one in run.datasets if one.findings]
    marked = sum(one.marked_count for one in findings)
    parts = [
        f"{counted(len(findings), 'manifest', 'manifests')} valid",
        counted(sum(one.entries for one in findings), "entry", "entries"),
        *([counted(marked, "marked finding", "marked findings")] if marked else []),
    ]
    screen.line(", ".join(parts))
    return Exit.DONE
