#!/bin/sh
# install.sh SOURCE ENVIRONMENT: pet_spect in a new environment, every package by the hash that the lock gives.
# Both recipes run it, and a person can run it without a container.
set -eu
source=$1 environment=$2
locks=$source/requirements

python3 -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes \
    -r "$locks/bootstrap.lock"
install() { "$environment/bin/uv" pip install --python "$environment/bin/python" --no-cache --compile-bytecode "$@"; }
# connection-pool exists as source only: it is built with the setuptools of bootstrap.lock
install --require-hashes --no-build-isolation-package connection-pool -r "$locks/runtime.lock"
install --no-deps --no-build-isolation "$source"

# Bytecode is written here, because whoever runs the container cannot.
"$environment/bin/pet-spect" --version
"$environment/bin/snakemake" --version
