from tests.databases import clock, cluster, database, url

__all__ = ["clock", "cluster", "database", "url"]
