"""The README's picture of the chat shows the page as it is now.

To take it again: `pytest tests/service/web/widget/test_picture.py --update-picture`. The picture records
what it was made from: a hash of each file that the page loaded, and the visible text. Pixels are not
compared, as they depend on the fonts of the machine; Debian's package `fonts-liberation` has good ones.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Response

ROOT = Path(__file__).resolve().parents[4]
PICTURE = ROOT / "service" / "web" / "widget" / "quoth-chat.png"
QUESTION = "Who is the chief executive of BUCIC?"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Uncompressed, in UTF-8, no language: https://www.w3.org/TR/png-3/#11iTXt
METADATA = b"Quoth\0\0\0\0\0"

VISIBLE_TEXT = """
() => [document.body, document.querySelector("quoth-chat").shadowRoot.querySelector(".root")]
  .map((element) => element.innerText).join("\\n")
"""
PIXELS = """
async (url) => {
  const image = await createImageBitmap(await (await fetch(url)).blob());
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768) {
    text += String.fromCharCode(...data.subarray(at, at + 32768));
  }
  return [image.width, image.height, btoa(text)];
}
"""


@pytest.mark.models
@pytest.mark.server
def test_the_picture_is_up_to_date(
    page: Page, ask: Callable[[Page, str], Locator], service: str, pytestconfig: pytest.Config
) -> None:
    responses: dict[str, Response] = {}
    page.on("response", lambda response: responses.update({urlsplit(response.url).path: response}))
    page.set_viewport_size({"width": 1200, "height": 720})
    page.goto(service)
    page.locator("textarea").wait_for()
    loaded = {path: response.body() for path, response in responses.items()}
    ask(page, QUESTION)
    text = page.evaluate(VISIBLE_TEXT)
    source = {
        "files": {
            path: hashlib.sha256(body).hexdigest()[:16]
            for path, body in sorted(loaded.items())
            if path != "/icon.svg"
        },
        # The last digit of a confidence depends on the processor.
        "text": re.sub(r"\d+%", "…%", text),
        "percent": [int(digits) for digits in re.findall(r"(\d+)%", text)],
    }
    if pytestconfig.getoption("--update-picture", default=False):
        PICTURE.write_bytes(with_metadata(with_palette(page, page.screenshot()), source))
    assert changes(metadata(PICTURE.read_bytes()), source) == [], (
        f"{PICTURE.relative_to(ROOT)} is stale: take it again with "
        f"`pytest {Path(__file__).relative_to(ROOT)} --update-picture`"
    )


def test_the_picture_is_small() -> None:
    data = PICTURE.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(SIGNATURE)
    assert 600 <= width <= 1200
    assert 400 <= height <= 900
    assert len(data) < 120_000


def test_changes_are_found_by_file_text_and_confidence() -> None:
    taken = {"files": {"/": "1", "/a.js": "2"}, "text": "Yes …%", "percent": [61]}
    assert changes(taken, taken) == []
    assert changes(taken, {**taken, "percent": [62]}) == []
    assert changes(taken, {**taken, "percent": [68]}) == ["confidence"]
    assert changes(taken, {**taken, "percent": []}) == ["confidence"]
    assert changes(taken, {**taken, "text": "No …%"}) == ["visible text"]
    assert changes(taken, {**taken, "files": {"/": "3", "/b.js": "2"}}) == ["/", "/a.js", "/b.js"]
    assert changes({}, taken) == ["/", "/a.js", "visible text", "confidence"]


def test_metadata_is_read_back() -> None:
    empty = SIGNATURE + chunk(b"IHDR", bytes(13)) + chunk(b"IEND", b"")
    assert metadata(empty) == {}
    described = with_metadata(empty, {"text": "“é”"})
    assert metadata(described) == {"text": "“é”"}
    assert described.endswith(chunk(b"IEND", b""))


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Name what differs: paths of files, the visible text, confidences by more than 2 points."""
    old, new = before.get("files", {}), now["files"]
    found = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    if before.get("text") != now["text"]:
        found.append("visible text")
    percents = before.get("percent", [])
    if len(percents) != len(now["percent"]) or any(
        abs(one - other) > 2 for one, other in zip(percents, now["percent"], strict=True)
    ):
        found.append("confidence")
    return found


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_palette(page: Page, png: bytes) -> bytes:
    """Encode an image again with its 256 commonest colours, which is a third of the size."""
    page.goto("about:blank")
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    width, height, encoded = page.evaluate(PIXELS, url)
    pixels = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(-1, 4)[:, :3]
    colours, index, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    palette = colours[np.argsort(-counts, kind="stable")[:256]]
    distances = colours[:, None].astype(int) - palette[None].astype(int)  # (colours, 256, 3)
    nearest = (distances**2).sum(axis=2).argmin(axis=1).astype(np.uint8)
    rows = nearest[index.reshape(height, width)]
    lines = np.pad(rows, ((0, 0), (1, 0)))  # each begins with its filter: 0, none
    return (
        SIGNATURE
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", palette.tobytes())
        + chunk(b"IDAT", zlib.compress(lines.tobytes(), 9))
        + chunk(b"IEND", b"")
    )


def with_metadata(png: bytes, source: dict[str, Any]) -> bytes:
    """Insert an iTXt chunk that holds `source` as JSON before the image's last chunk."""
    end = chunk(b"IEND", b"")
    data = METADATA + json.dumps(source, ensure_ascii=False).encode()
    return png.removesuffix(end) + chunk(b"iTXt", data) + end


def metadata(png: bytes) -> dict[str, Any]:
    """Return what `with_metadata` inserted; empty if there is none."""
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        data = png[at + 8 : at + 8 + length]
        if png[at + 4 : at + 8] == b"iTXt" and data.startswith(METADATA):
            found: dict[str, Any] = json.loads(data.removeprefix(METADATA))
            return found
        at += length + 12
    return {}
