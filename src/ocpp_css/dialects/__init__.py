"""Between the wire's words and the model's: pure functions, one module per family of versions."""
