"""The review page: a folder that a browser opens from disk, to check a dataset against its letters and correct it."""
