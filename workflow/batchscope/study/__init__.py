"""Studies: the config, its mistakes, and what each rule of the workflow needs to know."""
