"""One module a revision, in their order; a revision that has been released never changes."""
