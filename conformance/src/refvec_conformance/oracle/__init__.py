"""The contract, executed: a naive model that shares no code with the stores that it judges."""
