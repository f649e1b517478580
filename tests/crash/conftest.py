from tests.databases import cluster, url

__all__ = ["cluster", "url"]
