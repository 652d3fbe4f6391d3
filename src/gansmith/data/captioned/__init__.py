"""Pictures with captions: what models learn from that draw what a text says."""
