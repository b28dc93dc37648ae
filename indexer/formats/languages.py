"""What tells a language and its legacy encoding: frequent words, and letters beyond ASCII."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """A language with an alphabet.

    `words` are frequent and short, without those that several languages share; `letters` are its letters
    beyond ASCII, in lower case; `encodings` are those that its texts were saved in before UTF-8.
    """

    name: str
    words: frozenset[str]
    letters: frozenset[str]
    encodings: tuple[str, ...]


_WESTERN = ("cp1252",)
_CENTRAL = ("cp1250", "iso8859-2")
_CYRILLIC = ("cp1251", "koi8-r", "iso8859-5", "cp866")
_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"


def _language(name: str, words: str, letters: str, encodings: tuple[str, ...]) -> Language:
    return Language(name, frozenset(words.split()), frozenset(letters), encodings)


LANGUAGES = (
    _language(
        "English",
        "the of and to that is was for it with as his be by at have this are not but had from they which",
        "àâäåçèéêëîïñôöøûü",
        _WESTERN,
    ),
    _language(
        "German",
        "der die und das den dem nicht von mit sich des auf für ist im eine auch als nach wie aus bei sind "
        "wird zum einer werden noch über",
        "äöüßéèàê",
        _WESTERN,
    ),
    _language(
        "French",
        "le les et des une dans que qui pour sur pas est au du avec plus ce cette sont il elle à été",
        "àâæçèéêëîïôœùûüÿ",
        _WESTERN,
    ),
    _language(
        "Spanish",
        "el los las del que en por con una para como más pero sus fue este y lo se ha está también",
        "áéíñóúüº",
        _WESTERN,
    ),
    _language(
        "Portuguese",
        "o os do da dos das que em um uma para com não por mais ao na no foi são pelo ele também é",
        "ãáàâçéêíóôõúüº",
        _WESTERN,
    ),
    _language(
        "Italian",
        "il di che della per non una con sono del gli nel più alla dei anche dal ha questo delle è",
        "àèéìíîòóùº",
        _WESTERN,
    ),
    _language(
        "Dutch",
        "de het een van en dat niet zijn op te voor met als ook aan door naar maar wordt bij heeft uit",
        "áèéêëïóöü",
        _WESTERN,
    ),
    _language(
        "Swedish",
        "och att det som en på är av för med den till inte har om ett men var jag sig från så vid",
        "åäöéà",
        _WESTERN,
    ),
    _language(
        "Danish or Norwegian",
        "og det at en på er til av af som for med de ikke den har fra ikkje et ved han om også etter",
        "æøåéòôü",
        _WESTERN,
    ),
    _language(
        "Finnish",
        "ja on ei että se oli hän mutta ovat kun myös tai joka niin kuin ole sen mukaan jos vain",
        "äöåšž",
        _WESTERN,
    ),
    _language(
        "Polish",
        "w i na nie się z do że jest to o jak po co dla za od przez tym oraz był ale czy jego",
        "ąćęłńóśźż",
        _CENTRAL,
    ),
    _language(
        "Czech",
        "a v se na je že o s z do i to ve pro jako za by ale po jsou podle byl které také",
        "áčďéěíňóřšťúůýž",
        _CENTRAL,
    ),
    _language(
        "Slovak",
        "a v sa na je že s z do o to vo pre ako za by ale po sú podľa bol ktoré aj",
        "áäčďéíĺľňóôŕšťúýž",
        _CENTRAL,
    ),
    _language(
        "Hungarian",
        "a az és hogy nem is egy ez meg volt van csak már de azt mint még ki el kell után",
        "áéíóöőúüű",
        _CENTRAL,
    ),
    _language(
        "Croatian or Slovene",
        "je u i se da na su za od s a o kao ne to koji bi iz će do in ki so po ni tudi",
        "čćđšž",
        _CENTRAL,
    ),
    _language(
        "Turkish",
        "ve bir bu da de için ile olarak çok daha gibi olan kadar sonra ise ne o en var",
        "âçğıİîöşüû",
        ("cp1254",),
    ),
    _language(
        "Russian",
        "и в не на что с он как это по но из за от о к для его же был при так",
        _RUSSIAN,
        _CYRILLIC,
    ),
    _language(
        "Ukrainian",
        "і в не на що з та до у як це за від про для його але є й він",
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        ("cp1251",),
    ),
    _language(
        "Bulgarian",
        "и на да в за се от не с е че по са до като ще при този което",
        "абвгдежзийклмнопрстуфхцчшщъьюя",
        ("cp1251",),
    ),
    _language(
        "Greek",
        "και το του η της την με για που από στο τα θα είναι στην δεν ο οι τον στη",
        "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
        ("cp1253", "iso8859-7"),
    ),
)

# Frequent characters of the languages without spaces or with thousands of characters.
JAPANESE = frozenset("のにはをたがでとしてれさいなもかるらこそあよう")
CHINESE_SIMPLIFIED = frozenset("的一是在不了有和人这中大为上个国我以要他时来用们到作地于出就分对成会可主发年")
CHINESE_TRADITIONAL = frozenset(
    "的一是在不了有和人這中大為上個國我以要他時來用們到作地於出就分對成會可主發年"
)
KOREAN = frozenset("이다는을의에가고로하은를지한서도기사자대")
