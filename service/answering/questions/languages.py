"""Whether a question is asked in English: by its script, and by the function words of other languages.

Only function words count (articles, pronouns, prepositions, question words), so that names, titles and
quotations of other languages within an English question do not. A text without function words, such as a
name, counts as English, because nothing says otherwise.
"""

from __future__ import annotations

import re
import unicodedata

_QUOTED = re.compile(r"[\"“„«‘][^\"”“»’]*[\"”“»’]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH = _words("""
    a about after all also an and any are as at be been before between both but by can could did do does
    done during each every for from had has have he her him his how i if in into is it its list many may
    me more most much must my name no not of on one or other our over say said says she should since so
    some tell than that the their them then there these they this those through to under until up us was
    we were what when where which while who whom whose why will with would you your """)

# A word that is also an English word ("die", "was", "an", "on", "come", "as", "do") is in none of these.
_OTHERS = {
    "German": """
        aber als auch auf aus bei beim bis dass das dem den der des durch ein eine einem einen einer eines
        es für gegen gibt hat haben hatte ich ihr im ist kann können mit muss nach nicht noch oder ohne
        seit sich sie sind soll über um und unter viel viele vom von vor wann waren warum wegen welche
        welchem welchen welcher welches wem wen wer werden wessen wieviel wird wie wieso wo wofür woher
        wohin wurde wurden zum zur zwischen""",
    "French": """
        alors après au aux avec c'est ce ces cette combien comment d'un d'une dans depuis des dont du elle
        elles en est est-ce et étaient était été il ils je la le les leur leurs lors mais nous où ou par
        pas pendant pour pourquoi qu'est qu'est-ce quand que quel quelle quelles quels qui quoi sa sans
        ses sont sous sur un une vers vous""",
    "Spanish": """
        al como cómo con cual cuál cuáles cuándo cuando cuánto cuánta cuántos cuántas de del desde dónde
        donde el ella ellos en entre era es esta está este están fue fueron hasta hay la las lo los muchos
        para pero por porque qué que quién quien quiénes se según ser sin sobre son su sus también tiene
        una unos y""",
    "Portuguese": """
        ao aos às com como da das de dele desde do dos é ela eles em entre esta está este eu foi foram há
        mais mas na nas não no nos onde os ou para pela pelo por porque qual quais quando quanto quantos
        quantas que quem são se segundo sem ser seu sobre sua também tem um uma""",
    "Italian": """
        al alla anche che chi c'è cosa da dal dalla dei del della delle dello di dove due è era fra gli ha
        hanno il in la le lo ma nel nella non ogni per perché quale quali quando quanta quante quanti
        quanto questo sono sua sul sulla suo tra un una uno""",
    "Dutch": """
        aan als bij dat de deze dit een en er geen heb heeft het hoe hoeveel hun ik je kan maar met naar
        niet nog om ook op te tot tussen uit van voor waar waarom wanneer waren wat welk welke werd wie
        wordt zijn zij""",
    "Swedish": """
        är att av den det efter en eller ett för från genom har hur hade han hon inte med mellan mycket
        många när och om på sedan som till under vad vad vilka vilken vilket var varför varit vem vems""",
    "Danish": """
        af at det den der efter en er et for fra har han hun hvad hvem hvilke hvilken hvilket hvor hvordan
        hvorfor hvornår ikke med mange meget og på som til var ved være""",
    "Norwegian": """
        av det den der en er et fra har han hun hva hvem hvilke hvilken hvilket hvor hvordan hvorfor ikke
        med mange mye når og på som til ved være""",
    "Finnish": """
        ei ja joka jossa kenen ketkä kuinka kuka ketä mikä missä miten miksi milloin mihin minkä montako
        ne oli olivat on ovat paljonko tämä vai""",
    "Polish": """
        dla do gdzie ile ilu jak jaka jaki jakie jest kiedy kim komu kto który która które ma na nie od po
        przez są się skąd w we z za ze""",
    "Czech": """
        byl byla bylo čí co do jak jaká jaké jaký je jsou kde kdo kdy kolik která které který na nebo od
        proč se ve z za""",
    "Turkish": """
        bir bu daha değil hangi için ile kaç kim kimin kime mi mı nasıl ne neden nedir nerede nereye niçin
        olan olarak ve var""",
    "Indonesian": """
        adalah ada apa apakah bagaimana berapa dalam dan dari dengan di itu kapan kepada mengapa oleh pada
        siapa untuk yang""",
    "Romanian": """
        care câți câte când ce cine cum de din este în la la mai pe pentru și sunt unde un una cu de ce""",
    "Hungarian": """
        a az egy és hány hogy hogyan hol ki kik kinek mely melyik mennyi miért mikor mi mit nem volt van""",
    "Vietnamese": """
        ai bao các có của được gì hay không khi là lúc nào năm như những ở sao tại thế trong và về với""",
}
_FUNCTION_WORDS = {name: _words(words) - _ENGLISH for name, words in _OTHERS.items()}
# These are function words of another language too, so they speak for neither.
_SHARED = _words("a an as at be do had has he i in is me no of on so to up was will")
_PLAIN = _ENGLISH - _SHARED
_ENGLISH_START = _words("who whom whose what which when where why how")
_QUESTION_WORDS = _words("""
    wer wen wem wessen wann warum wieso weshalb welche welcher welches welchem welchen wie woher wohin
    wieviel qui quand pourquoi comment combien quel quelle quels quelles quién quiénes cuándo cuánto
    cuántos cuántas cuál cuáles dónde cómo quem quando quanto quantos quantas qual quais onde chi perché
    quale quali dove wie wat waar waarom wanneer welk welke hoe hoeveel vem varför hur vad vilken vilket
    vilka när hvem hvad hva hvorfor hvordan hvornår hvor hvilken hvilket hvilke kuka mikä missä milloin
    miksi miten kuinka kto gdzie kiedy dlaczego ile kdo kde kdy proč jak kim nerede hangi nasıl neden kaç
    siapa apa kapan mengapa berapa bagaimana cine unde când ki mikor hol miért hány """)
_LATIN = "LATIN"
_LEAST_SHARE = 0.5  # of the letters, in another script
_LEAST_WORDS = 2  # function words of the other language


def is_other_language(question: str) -> bool:
    """Whether a question is asked in a language other than English."""
    text = _QUOTED.sub(" ", unicodedata.normalize("NFC", question))
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text)]
    if not words:
        return False
    english = sum(word in _PLAIN for word in words)
    letters = [character for character in text if character.isalpha()]
    foreign = sum(_LATIN not in unicodedata.name(character, _LATIN) for character in letters)
    if foreign:
        # "Who wrote 红楼梦?" is English; a Chinese question may hold an English title.
        return foreign >= _LEAST_SHARE * len(letters) and words[0] not in _ENGLISH_START
    if words[0] in _ENGLISH_START:
        return False
    most = max(sum(word in known for word in words) for known in _FUNCTION_WORDS.values())
    return most > english and (most >= _LEAST_WORDS or _starts_foreign(words))


def _starts_foreign(words: list[str]) -> bool:
    """Whether a question starts with a question word of another language ("Wer leitet BUCIC?")."""
    return words[0] in _QUESTION_WORDS
