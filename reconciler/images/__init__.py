"""The images themselves: are they there, may they be read, are they what the manifest says?

Pure: what a file's beginning says (`header.py`), the findings about it (`judge.py`), what many of them are
together (`results.py`). Edges: finding and reading (`find.py`) in a folder (`folder.py`) or in S3 (`s3.py`), and what
was seen before (`remembered.py`).
"""
