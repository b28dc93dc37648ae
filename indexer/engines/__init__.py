"""The engines that hold an index: each keeps the contract of `indexer.engine` in a package of its own."""
