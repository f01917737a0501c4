"""Reads config/config.yaml if no --configfile was given."""

from pet_spect.study.config_file import read_config
from pet_spect.errors import ConfigError

# Snakemake has read --configfile before, and reads configfile after this.
try:
    for file in workflow.overwrite_configfiles or ["config/config.yaml"]:
        read_config(Path(file))
except ConfigError as error:
    sys.exit(f"pet_spect: {error}")

# Snakemake merges --configfile into configfile: a key that only stands here would leak into another study.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"
