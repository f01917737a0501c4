"""The tables of a study: their columns, their files, and a workbook of them."""
