"""Jobs: what was accepted is finished, or fails with a reason, whatever is killed in between.

One table is the truth (tables.py, rows.py), in SQLite or PostgreSQL. `queue.py` is what doors do with it, `claims.py`
what workers do. A worker claims a job with a lease, and gets a token that grows with every claim; whatever it writes
carries the token, so one that was suspended and comes back cannot write over its successor. A dead worker's job is
queued again, with the same recipes and so the same seeds; finished pictures stay, and are not painted twice.
"""
