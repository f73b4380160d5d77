from tests.sources.fuzz import run


def test_mutated_payloads_are_read_or_refused_and_nothing_else():
    outcomes = run(range(120), seed=1)
    assert sum(outcomes.values()) == 120
    assert {outcome.split()[0] for outcome in outcomes} == {"nbs", "nbs_legacy", "sdmx", "file", "bulletin"}
