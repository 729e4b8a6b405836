"""What a dataset says of itself for machines: a Data Package of its CSV files and Croissant of its Parquet files."""
