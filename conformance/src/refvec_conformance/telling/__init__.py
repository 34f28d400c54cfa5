"""Failures in one plain sentence: what was called, what was expected, what came back."""

from .forms import Comparison, Telling
from .sentences import told

__all__ = ["Comparison", "Telling", "told"]
