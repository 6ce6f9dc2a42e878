"""What a user can cause ends a stage with exit status 1 and one line on stderr; anything else is a defect and shows."""

import sys
from collections.abc import Callable
from pathlib import Path


class UserError(Exception):
    """Something a user can mend: names the file, row, column or parameter, what was found and what to do."""


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`; a user's mistake, an interrupt or a file system's refusal becomes one line on stderr.

    DVC deletes a stage's outputs before it runs the stage, so where there was an earlier run the line says how to
    get its results back.
    """
    try:
        main()
    except UserError as error:
        message = str(error)
    except KeyboardInterrupt:
        message = "interrupted; run `dvc repro` again to go on"
    except OSError as error:
        message = f"{error.filename or 'file system'}: {error.strerror or error}; mend that and run `dvc repro` again"
    else:
        return
    restore = " (`dvc checkout` and `git checkout reports` bring the last results back)"
    print("error: " + " ".join(message.split()) + (restore if Path("dvc.lock").exists() else ""), file=sys.stderr)
    sys.exit(1)
