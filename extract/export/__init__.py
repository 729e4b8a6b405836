"""A finished dataset as SQLite, DuckDB, Excel or Stata files, or as input of annotation tools.

Every export reads the Parquet files, whose cells are those of the letters, not the CSV files, whose cells
may begin with an apostrophe for spreadsheets.
"""
