"""Changes that are advised whatever time they save: they mend a defect."""
