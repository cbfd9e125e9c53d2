"""Where large pictures lie: one kind of file a module."""
