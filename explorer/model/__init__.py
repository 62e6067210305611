"""The model: encoder, residual quantizer, decoder."""
