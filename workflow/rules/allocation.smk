"""Inside a cluster's job, its steps run in the one Snakemake of the job.

Left alone, the executor of SLURM starts a Snakemake of its own for each step of a group, which takes 4 to 6 s each.
"""

if not workflow.is_main_process:
    workflow.localrules(*[rule.name for rule in workflow.rules])
