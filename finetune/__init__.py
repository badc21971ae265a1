"""Training of adapters. At answer time only their results are used, through `assistant.encoders`."""
