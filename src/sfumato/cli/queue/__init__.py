"""The queue of jobs: see, cancel, retry, pause."""
