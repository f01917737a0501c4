"""Records the analysis plan before the first job, because it must stand before the first result.

A rule could not do that: every participant's job would depend on it, and be repeated with each change of the plan.
"""

from functools import cache

from pet_spect.errors import PetSpectError
from pet_spect.results.analysis_plan import plan_hash, plan_line, read_plans, record_plan

RESULTS = Path("results")


@cache
def analysis_plan():
    """The contents of the plan of this run; jobs that do not need it spend no time on it."""
    from pet_spect.commands.planned_analysis import planned_analysis

    return planned_analysis(STUDY)


def record_analysis_plan():
    try:
        record_plan(RESULTS, analysis_plan())
    except PetSpectError as error:
        sys.exit(f"pet_spect: {error}")
    except OSError as error:
        sys.exit(f"pet_spect: the analysis plan cannot be written: {error.filename} ({error.strerror})")


if workflow.is_main_process:
    try:
        PLAN_LINE = plan_line(read_plans(RESULTS), plan_hash(analysis_plan()))
    except PetSpectError as error:
        sys.exit(f"pet_spect: {error}")
