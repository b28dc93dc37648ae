"""Texts that are not UTF-8: read to the character if there is no doubt about the encoding, else refused."""

from __future__ import annotations

import codecs
import random
from pathlib import Path

import pytest

from indexer.corpus import Corpus, FileWarning
from indexer.errors import UnreadableFileError
from indexer.formats.document import decode_text
from indexer.formats.legacy_encodings import detect

ENGLISH = (
    "The café’s owner said that the plan — “too cheap by half” — was not for the council to make, "
    "and it had failed before. They were at the naïve beginning of a long dispute with the town."
)
GERMAN = (
    "Der neue Lotse im Hafen ist für die größten Schiffe zuständig. Er wird auch über die Straße "
    "nach Köln fahren, und das ist nicht das Ende der Geschichte. Die Gebühr beträgt 5 € für jede Fahrt."
)
FRENCH = (
    "Le nouveau pilote du port est né à Besançon, et il a été nommé par le maire. C’est une décision "
    "que les habitants ont approuvée; pour eux, elle n’était pas prévue dans le budget de l’année."
)
SPANISH = (
    "El nuevo práctico del puerto nació en La Coruña y se mudó a la ciudad con los suyos. ¿Qué dijo el "
    "alcalde? Que las obras no están en el presupuesto, pero que son para todos los vecinos."
)
POLISH = (
    "Nowy pilot portu urodził się w Łodzi i od lat jest związany z miastem. Władze mówią, że to nie "
    "koniec zmian, a mieszkańcy się z tym zgodzą. Źródłem tych danych jest urząd za rok miniony."
)
RUSSIAN = (
    "Новый лоцман порта родился в Мурманске и долго жил на севере. Мэр сказал, что это решение не "
    "для города, а для всей области, и что его примут на следующем заседании."
)
JAPANESE = (
    "港の新しい水先案内人は北の町で生まれた人です。市長はこの計画を変えないと言いました。"
    "次の会議は火曜日に開かれます。港の料金は来年から上がることになりました。"
)
CHINESE = (
    "港口新来的引航员是在北方出生的人。市长说这个计划不会改变，会议要在下个月举行。"
    "他们认为这是一个对城市发展有用的决定，我们也要为此作出努力。"
)
TRADITIONAL = (
    "港口新來的引航員是在北方出生的人。市長說這個計劃不會改變，會議要在下個月舉行。"
    "他們認為這是一個對城市發展有用的決定，我們也要為此作出努力。"
)
KOREAN = (
    "항구의 새로운 도선사는 북쪽 도시에서 태어난 사람이다. 시장은 이 계획을 바꾸지 않을 것이라고 말했다. "
    "다음 회의는 화요일에 열리고, 요금은 내년부터 오를 것으로 보인다."
)


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (ENGLISH, "cp1252", "windows-1252"),
        (GERMAN, "cp1252", "windows-1252"),
        (FRENCH, "cp1252", "windows-1252"),
        (FRENCH.replace("’", "'"), "latin-1", "windows-1252"),
        (SPANISH, "latin-1", "windows-1252"),
        (POLISH, "cp1250", "windows-1250"),
        (POLISH, "iso8859-2", "iso-8859-2"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (JAPANESE, "shift_jis", "shift_jis"),
        (JAPANESE, "euc-jp", "euc-jp"),
        (CHINESE, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (KOREAN, "euc-kr", "euc-kr"),
    ],
)
def test_a_text_is_read_to_the_character_and_the_encoding_named(text: str, encoding: str, name: str) -> None:
    written = text.replace(". ", ".\r\n\r\n")

    assert decode_text(written.encode(encoding)) == (
        written,
        (f"read as {name}: save it as UTF-8 to be certain",),
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Café au lait.", "cp1252"),
        ("Señor Núñez, el alcalde.", "latin-1"),
        ("Ж", "cp1251"),
        ("港の案内人。", "shift_jis"),
        (GERMAN.replace(" €", " Euro"), "cp850"),
        (GERMAN.replace("€", "EUR"), "mac-roman"),
        (SPANISH, "mac-roman"),
        (SPANISH, "cp850"),
        (FRENCH.replace("C’est une", "Voici l’œuvre, une"), "iso8859-15"),
        (RUSSIAN, "mac-cyrillic"),
        (POLISH, "mac-latin2"),
        (ENGLISH.replace("dispute", "dispute about Wałęsa"), "cp1250"),
        (GERMAN.replace("Köln", "Dvořák"), "cp1250"),
    ],
)
def test_a_text_is_refused_if_the_encoding_is_in_doubt(text: str, encoding: str) -> None:
    with pytest.raises(UnreadableFileError, match="not UTF-8: byte 0x"):
        decode_text(text.encode(encoding, "ignore"))


@pytest.mark.parametrize("length", [20, 200, 2000])
def test_random_bytes_are_no_text(length: int) -> None:
    generator = random.Random(length)
    for _ in range(40):
        assert detect(generator.randbytes(length)) is None
        assert detect(bytes(generator.choices(range(32, 256), k=length))) is None


def test_a_single_strange_byte_in_an_article_is_a_damaged_file_not_another_encoding() -> None:
    damaged = ENGLISH.encode("utf-8").replace("’".encode(), b"\xe2\x80", 1)

    assert detect(damaged) is None


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_if_a_byte_order_mark_says_so(encoding: str) -> None:
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else codecs.BOM_UTF16_BE
    text, warnings = decode_text(mark + "Nils Berg 😀\r\n".encode(encoding))

    assert text == "Nils Berg 😀\r\n"
    assert warnings == ("read as utf-16: save it as UTF-8 to be certain",)


def test_the_file_is_named_in_the_warning(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_bytes(GERMAN.encode("cp1252"))
    (tmp_path / "old.md").write_bytes(GERMAN.encode("cp1252"))
    warnings: list[FileWarning] = []

    articles = [one.text for one in Corpus(tmp_path).articles(lambda _: None, warnings.append)]

    assert articles == [GERMAN, GERMAN]
    assert [warning.path for warning in warnings] == ["old.md", "old.txt"]
    assert all("windows-1252" in warning.message for warning in warnings)
