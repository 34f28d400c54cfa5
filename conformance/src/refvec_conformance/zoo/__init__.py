"""Broken backends, each with one thing wrong: who tests the tests.

A mutant is a subclass of the python backend, or for the clauses about the
front door a context manager that breaks it. Each names the clause whose tests
must kill it. `refvec_conformance.zoo.kill_matrix` shows whether they do; by hand:
``pytest --pyargs refvec_conformance --refvec-backend refvec_conformance.zoo.ids:Normalised``.
"""

from .catalogue import Mutant, mutants

__all__ = ["Mutant", "mutants"]
