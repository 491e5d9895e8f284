"""Settings from Python: what cannot be is refused with a sentence, as on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import serve
from rekognition_emulator.settings import SettingError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"lattency": "none"}, "There is no setting 'lattency'. Did you mean latency? There are: host, port, "),
        ({"latency": "fast"}, "The latency is one of: none, real; or a Latency(update=2.5, ...)."),
        ({"account": "12"}, "'12' is not an account id of twelve digits."),
        ({"region": "US East"}, "'US East' is not a Region such as us-east-1."),
        ({"deny": "CreateProject"}, "deny is a tuple of texts, as in deny=('CreateProject',)."),
    ],
)
def test_a_setting_that_is_none_is_refused_with_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    """From Python too; nothing is started."""
    with pytest.raises(SettingError) as refused, serve(**changes):
        pass
    assert str(refused.value).startswith(sentence)


def test_a_bucket_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """Before a client waits for a manifest that cannot be there."""
    with (
        pytest.raises(SettingError, match="The bucket manifests is no folder"),
        serve(buckets={"manifests": tmp_path / "x"}),
    ):
        pass
