"""What the site has besides the pages of docs; mkdocs calls it through ``tools/site_hooks.py``."""
