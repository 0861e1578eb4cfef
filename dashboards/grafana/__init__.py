"""Boards for Grafana, made by code and shipped as JSON.

Only the builder needs the foundation SDK; nothing outside of this package imports it.
"""
