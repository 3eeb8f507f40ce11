import shlex
import subprocess
import sys

import pytest

from dermoscopy.cli.run import REFUSED, overrides
from dermoscopy.core.errors import UserError


def test_overrides_prints_one_option_per_line(project, capsys):
    overrides("small")
    assert capsys.readouterr().out == "-S runtime.threads=1\n-S models.cnn_a.dropout=0.1\n"


def test_overrides_includes_the_path_of_the_dataset(project, capsys):
    overrides("small", str(project))
    assert capsys.readouterr().out.endswith(f"-S data.source=directory\n-S data.path={project}\n")


def test_overrides_includes_download(project, capsys):
    overrides("small", "download")
    assert capsys.readouterr().out.endswith("-S data.source=download\n-S data.path=null\n")


def test_path_with_a_space_is_refused(project, capsys):
    with pytest.raises(UserError, match="my images"):
        overrides("small", str(project / "my images"))
    assert capsys.readouterr().out == f"{REFUSED}\n"


def test_dvc_fails_on_the_output_for_an_unknown_profile(project, capsys):
    with pytest.raises(UserError, match=r"smal\..*small"):
        overrides("smal")
    words = capsys.readouterr().out.split()
    refused = subprocess.run([sys.executable, "-m", "dvc", "exp", "run", *words], capture_output=True, text=True)
    assert refused.returncode != 0
    assert f"unrecognized arguments: {REFUSED}" in refused.stderr


def test_options_are_not_changed_by_word_splitting(project, capsys):
    (project / "profiles" / "small.yaml").write_text("a: [x, y]\nb: 'null'\nc: null\nd: ''\n")
    overrides("small")
    words = capsys.readouterr().out.split()
    assert words[::2] == ["-S"] * 4
    assert words[1::2] == ["a=[x,y]", 'b="null"', "c=null", 'd=""']
    assert shlex.split("c=null") == ["c=null"]
