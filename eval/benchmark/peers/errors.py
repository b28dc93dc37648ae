"""What can go wrong beside a peer.

QuothError
└── PeerError             a peer cannot be installed, started or asked
    └── CheckpointError   a reader cannot be given to the peers
"""

from __future__ import annotations

from indexer.errors import QuothError


class PeerError(QuothError):
    """A peer cannot be installed, started or asked; the message says why and what to do."""


class CheckpointError(PeerError):
    """A reader that cannot become a checkpoint; the message says why."""
