"""Configuration: silverpoint.toml, SILVERPOINT_SECTION__KEY, *_file secrets (contract, section 5)."""
