"""On a cluster: how jobs are submitted, and what a job does.

Left alone, the executor of SLURM starts a Snakemake of its own for each step of a group, which takes 4 to 6 s each.
"""

if workflow.is_main_process:
    from snakemake_logger_plugin_pet_spect.patient_slurm import use_patient_executor

    use_patient_executor()
else:
    workflow.localrules(*[rule.name for rule in workflow.rules])
