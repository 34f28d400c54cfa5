"""What judges: the clauses, the tests that are chosen, and what their outcomes come to."""
