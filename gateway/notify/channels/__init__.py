"""Channels: each carries one message to its receiver, or says why not."""
