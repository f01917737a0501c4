"""Content of ``results/``: names of files, columns of tables, and the records that steps pass on."""
