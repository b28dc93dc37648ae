"""Errors of the comparison.

QuothError
└── PeerError             a peer cannot be installed, started or asked
    └── CheckpointError   a reader cannot be converted for the peers
"""

from __future__ import annotations

from indexer.errors import QuothError


class PeerError(QuothError):
    """A peer cannot be installed, started or asked; the message says why and what to do."""


class CheckpointError(PeerError):
    """A reader cannot be converted to a checkpoint; the message says why."""
