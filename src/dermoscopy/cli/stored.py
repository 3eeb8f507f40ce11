"""Tables of another revision, as DVC keeps them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from dermoscopy.errors import UserError
from dermoscopy.tables.table import Table


def read_stored(table: Table, path: str, revision: str) -> pd.DataFrame:
    """Read a table of a revision from DVC's cache, the workspace untouched.

    Args:
        table: What it is.
        path: Where, from the project's top folder, which is the working directory.
        revision: A commit, branch, tag or experiment.

    Raises:
        UserError: There is no such revision, it has no such table, or its content is nowhere.
        TableError: The table is of another version of this pipeline.
    """
    import dvc.api
    from dvc.exceptions import DvcException
    from dvc.scm import RevError
    from dvc_data.index import DataIndexDirError

    try:
        text = dvc.api.read(path, rev=revision)
    except RevError:
        raise UserError(f"{revision} is no commit, branch, tag or experiment: dvc exp show names them.") from None
    except (DvcException, DataIndexDirError, FileNotFoundError) as error:
        raise UserError(
            f"{revision} has no {path} here: {error}\n"
            "It may be of before that table, or its content of another machine: git checkout, then dvc repro."
        ) from None
    with TemporaryDirectory() as folder:
        copy = Path(folder, Path(path).name)
        copy.write_text(text, encoding="utf-8")
        return table.read(copy)
