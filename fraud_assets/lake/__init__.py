"""The lake: the object store under one root, on disk or on S3, and the ways data gets into it and out of it.

``paths`` composes keys; ``store`` opens the root; ``writing`` streams tables and files with their SHA-256;
``streaming`` turns chunk functions into a LazyFrame; ``preflight`` says within seconds why a lake cannot be reached;
``sweep`` clears what killed processes left; ``figures`` adds up what is written; ``resource`` and ``io_managers`` offer
all of it to Dagster, and only these two know Dagster's contexts.
"""
