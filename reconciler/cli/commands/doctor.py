"""`reconciler doctor`: what an apply needs, checked one by one; changes nothing."""

from reconciler.cli.checkup import CHECKS, IMAGES, Examined
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.errors import Exit
from reconciler.review.model import Checked, CheckState, Review
from reconciler.text import inert
from reconciler.views.terminal.tables import Role

_ROLES: dict[CheckState, Role] = {"ok": "add", "warning": "warning", "fails": "bad", "not tried": "dim"}
_STATE_WIDTH = max(map(len, _ROLES))
_NAME_WIDTH = max(len(check.name) for check in CHECKS)
_CHARACTERS = 2000


def doctor(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Make every check and show what it found; exit code 1 if something would stop an apply.

    Raises:
        BadInput: an argument is wrong.
    """
    examined = Examined(run, LiveSide(run, screen, signals), screen)
    made: list[Checked] = []
    try:
        for check in (*CHECKS, IMAGES) if run.options.check_images else CHECKS:
            screen.status(f"checking {check.name}")
            for one in check.answers(examined):
                screen.line(_line(one, verbose=run.options.verbose), _ROLES.get(one.state, "plain"))
                made.append(one)
    finally:
        run.review = Review(command="doctor", checks=tuple(made), calls=dict(run.call_counts()))
    return Exit.FAILED if any(one.state == "fails" for one in made) else Exit.DONE


def _line(one: Checked, *, verbose: bool) -> str:
    """One line: state, check, what it is about, finding, cure."""
    about = f"{', '.join(one.subjects)}: " if one.subjects else ""
    cure = f"; {one.cure}" if one.cure else ""
    source = f" [{one.source}]" if verbose else ""
    text = inert(f"{about}{one.finding}{cure}", _CHARACTERS)
    return f"{one.state:<{_STATE_WIDTH}}  {one.check:<{_NAME_WIDTH}}  {text}{source}"
