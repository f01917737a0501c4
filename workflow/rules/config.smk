"""Reads config/config.yaml if no --configfile was given."""

import yaml


def check_readable(path):
    """Say in one line what Snakemake says in several, or in a traceback."""
    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        sys.exit(f"pet_spect: {path} does not exist here; run where it is, or name it with --configfile")
    except (OSError, ValueError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        sys.exit(f"pet_spect: {path}: cannot be read as YAML{where}")
    if not isinstance(found, dict):
        sys.exit(f"pet_spect: {path}: needed keys with values, such as 'participants: config/participants.tsv'")


# Snakemake merges --configfile into configfile: a key that only stands here would leak into another study.
if not workflow.overwrite_configfiles:
    check_readable("config/config.yaml")

    configfile: "config/config.yaml"
