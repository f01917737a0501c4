"""On a cluster: how jobs are submitted, and what a job does.

Left alone, the executor of SLURM starts a Snakemake of its own for each step of a group, which takes 4 to 6 s each.
"""

from importlib.util import find_spec

if not workflow.is_main_process:
    workflow.localrules(*[rule.name for rule in workflow.rules])
elif find_spec("snakemake_executor_plugin_slurm") is not None:
    from snakemake_logger_plugin_pet_spect.patient_slurm import use_patient_executor

    use_patient_executor()
