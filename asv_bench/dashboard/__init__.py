"""The dashboard: one self-contained page of what asv measured. ``python -m dashboard --help`` in asv_bench."""
