"""Settings from Python: invalid ones are refused with a sentence, as on the command line."""

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
        ({"lattency": "none"}, "There is no setting 'lattency'. Did you mean `latency`? Known settings: host, port, "),
        ({"latency": "fast"}, "The latency must be one of: none, real; or a Latency(update=2.5, ...)."),
        ({"account": "12"}, "'12' is not an account id of twelve digits."),
        ({"region": "US East"}, "'US East' is not a Region such as us-east-1."),
        ({"deny": "CreateProject"}, "deny must be a tuple of texts, as in deny=('CreateProject',)."),
    ],
)
def test_an_invalid_setting_is_refused_with_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    """An invalid setting from Python starts nothing."""
    with pytest.raises(SettingError) as refused, serve(**changes):
        pass
    assert str(refused.value).startswith(sentence)


def test_a_bucket_without_a_folder_is_refused(tmp_path: Path) -> None:
    """A missing folder is reported at the start, and not when a client needs its manifest."""
    with (
        pytest.raises(SettingError, match="The folder of the bucket manifests was not found"),
        serve(buckets={"manifests": tmp_path / "x"}),
    ):
        pass
