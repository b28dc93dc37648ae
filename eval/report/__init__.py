"""A run as one HTML page that opens offline."""

from eval.report.page import render

__all__ = ["render"]
