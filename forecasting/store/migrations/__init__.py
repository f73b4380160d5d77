"""Revisions of the store's database for alembic, run by `Store.open`.

The first three make tables only where they are absent: databases older than the revisions have some of them.
"""
