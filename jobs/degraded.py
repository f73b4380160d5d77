"""Steps whose failure a release survives, by the tables that are without rows then."""

__all__ = ["PROJECTED", "SCORED"]

PROJECTED = ("trajectories", "balance", "absorption", "milestones", "sensitivity", "claim_check", "hindcast")
SCORED = ("scorecard", "drift", "revisions")
