"""What stands under ``results/``: names of files, columns of tables, and the records that steps hand over."""
