"""`python -m eval.training.convert CHECKPOINT OUT`: any question-answering checkpoint -> a reader's folder.

A checkpoint is a folder that transformers can load as a model for question answering, with its tokeniser:
BERT, RoBERTa, ELECTRA, DeBERTa, MPNet and similar. `QUOTH_READER=OUT` then selects the reader. Its no-answer
score is the first token's, as in SQuAD 2.0; its confidence is fitted as the shipped readers' is, or on the
seeds' questions alone if the development data is missing.
"""

from __future__ import annotations

import functools
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from torch import Tensor, nn
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from eval.studies.paragraphs import DataMissingError, data_folder
from eval.training.export import export
from eval.training.model import SpanModel
from eval.training.observing import SETS
from eval.training.recipe import Workspace
from eval.training.shipping import calibrate
from indexer.cli import run_commands
from indexer.errors import QuothError
from service.answering.reading.network import TOKENIZER
from service.answering.settings import ReaderSettings


class ConversionError(QuothError):
    """A checkpoint that cannot be made into a reader."""


class TypedEncoder(nn.Module):
    """An encoder with token types for question and text, computed from the separator tokens."""

    def __init__(self, encoder: nn.Module, separator: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.config = encoder.config
        self._separator = separator

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:  # noqa: ANN401 - transformers' own
        """Run the encoder; tokens after the first separator have type 1, padding has type 0."""
        separators = (input_ids == self._separator).long()
        types = (separators.cumsum(dim=1) - separators).clamp(max=1) * attention_mask
        return self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=types)


def span_model(checkpoint: Path) -> SpanModel:
    """Load a checkpoint.

    Raises:
        ConversionError: it is not for question answering, or its head does not give each token two scores.
    """
    try:
        whole, loading = AutoModelForQuestionAnswering.from_pretrained(
            checkpoint, local_files_only=True, attn_implementation="eager", output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ConversionError(f"{checkpoint} is not a checkpoint for question answering: {error}") from error
    if loading["missing_keys"]:
        # transformers would initialise them at random.
        missing = ", ".join(sorted(loading["missing_keys"]))
        raise ConversionError(f"{checkpoint} was trained for another task: it lacks {missing}")
    head = getattr(whole, "qa_outputs", None)
    if not isinstance(head, nn.Linear) or head.out_features != 2:  # noqa: PLR2004 - a start and an end
        raise ConversionError(f"{checkpoint} does not give each token a start and an end score")
    encoder: nn.Module = whole.base_model
    if getattr(whole.config, "type_vocab_size", 0) > 1 and "token_type_ids" in tokenizer("a", "b"):
        encoder = TypedEncoder(encoder, tokenizer.sep_token_id)
    model = SpanModel(encoder)
    model.head = head
    return model.eval()


def convert(checkpoint: Path, out: Path, *, bits: int = 8, name: str | None = None) -> None:
    """Write a reader's folder, without a confidence.

    Raises:
        ConversionError: the checkpoint cannot be loaded, or its tokeniser has no `tokenizer.json`.
    """
    model = span_model(checkpoint)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    if not tokenizer.is_fast:
        raise ConversionError(f"{checkpoint}: the tokeniser cannot be written as tokenizer.json")
    facts = {"name": name or checkpoint.resolve().name, "reading": asdict(ReaderSettings())}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / TOKENIZER
        # The reader does its own padding and truncation.
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.save(str(path))
        export(model, path, out, bits=bits, facts=facts)


def main(
    checkpoint: Annotated[Path, typer.Argument(help="Folder of a question-answering model.")],
    out: Annotated[Path, typer.Argument(help="The reader's folder; set QUOTH_READER to it.")],
    bits: Annotated[int, typer.Option(min=4, max=8, help="Bits per weight on disk.")] = 8,
    name: Annotated[str | None, typer.Option(help="Name in answers; by default the folder's.")] = None,
) -> None:
    """Convert a question-answering checkpoint to a reader, and fit its confidence."""
    say = functools.partial(typer.echo, err=True)
    convert(checkpoint, out, bits=bits, name=name)
    sets: tuple[str, ...] = SETS
    try:
        data_folder()
    except DataMissingError as missing:
        say(f"{missing}; until then the confidence is fitted on the seeds' questions alone")
        sets = ()
    with tempfile.TemporaryDirectory() as scratch:
        calibrate(Workspace(Path(scratch), say), out, sets=sets)
    say(f"done: QUOTH_READER={out}")


if __name__ == "__main__":
    run_commands(main)
