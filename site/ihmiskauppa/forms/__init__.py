"""What is asked: one TOML file a form, from which the web form, its checks and the staff's message derive. No Flask."""
