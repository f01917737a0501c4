"""Makes this run the only one that writes, stops jobs of an earlier one, and says what to type after a kill."""

from snakemake.logging import logger

from pet_spect.errors import OvertakenError
from pet_spect.live_run import check_not_overtaken, claim, end_overtaken_snakemakes
from pet_spect.study.leftovers import locked_line


def claim_folder():
    try:
        claim(on_cluster=not workflow.local_exec)
    except OvertakenError as error:
        sys.exit(f"pet_spect: {error}")
    except OSError as error:
        sys.exit(f"pet_spect: cannot write {error.filename} ({error.strerror})")


def say_what_to_type(record):
    """Put one line in the place of what Snakemake says of a locked folder."""
    if getattr(record, "exception", None) == "LockException":
        record.msg, record.args = f"pet_spect: {locked_line(Path.cwd())}", ()
    return True


if workflow.is_main_process:
    logger.addFilter(say_what_to_type)
else:
    # Snakemake removes the outputs of a job before it starts: here, those of the new run.
    try:
        check_not_overtaken(Path("this step"))
    except OvertakenError as error:
        print(f"pet_spect: {error}", file=sys.stderr, flush=True)
        end_overtaken_snakemakes()
        sys.exit(1)
