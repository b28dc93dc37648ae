"""The phrases that are no question to the articles: small talk, about the service, requests to write.

The patterns match a whole question, folded to lower case and without punctuation (`kinds.words_of`).
"""

from __future__ import annotations

import re

_GREETING = (
    r"hi+|hello+|hey+|hiya|howdy|greetings|good (?:morning|afternoon|evening|day|night)|morning|welcome"
    r"|(?:nice|pleased) to meet you|how are you(?: doing)?(?: today)?|how do you do|how(?:'s"
    r"| is) it going|what'?s up"
    r"|hallo|guten (?:tag|morgen|abend)|moin|servus|bonjour|bonsoir|salut|hola|buenos días"
    r"|buenas (?:tardes|noches)"
    r"|ciao|buongiorno|olá|bom dia|hej|hei|hoi|merhaba|cześć"
    r"|привет|здравствуйте|你好|您好|こんにちは|안녕하세요|مرحبا|שלום"
    r"|नमस्ते"
)
_THANKS = (
    r"(?:many |big )?thanks(?: a (?:lot|million|bunch|ton)| so much| very much)?"
    r"|thank (?:you|u)(?: so much| very much| kindly)?|thx|ty|tysm|cheers|much appreciated"
    r"|(?:i )?appreciate (?:it|that)"
    r"|for (?:that|this|it|your help|the help|the answer|your answer|helping|everything)"
    r"|danke(?: schön| sehr)?|vielen dank|merci(?: beaucoup)?|(?:muchas )?gracias|grazie(?: mille)?"
    r"|obrigad[oa]|tack|takk"
    r"|tak|kiitos|dank je(?: wel)?|bedankt|teşekkürler|dziękuję"
    r"|спасибо|谢谢|ありがとう|감사합니다|شكرا|شكراً|תודה"
)
_ACKNOWLEDGEMENT = (
    r"ok|okay|okey|k|alright|all right|fine|great|good|nice|cool|perfect|excellent|awesome|amazing"
    r"|wonderful|brilliant"
    r"|super|lovely|got it|i (?:see|understand|know)|understood|makes sense|sounds good|well done"
    r"|good one|nice one"
    r"|(?:good|great|nice|excellent) (?:job|bot|answer|work|question)"
    r"|(?:that's|that is|it's|that was|this is|this was) (?:very |really |so )?(?:helpful|great|good|fine"
    r"|all|nice|right|it"
    r"|correct|perfect|enough)|(?:very |really )?helpful|no (?:problem|worries)|you're welcome"
    r"|never ?mind|wow|oh|ah|aha"
    r"|hm+|lol|(?:ha)+|interesting|sorry|please|i'm (?:done|fine|good)"
)
_FAREWELL = (
    r"(?:good ?)?bye|see (?:you|ya)(?: later| soon| tomorrow)?|farewell|take care"
    r"|have a (?:nice|good|great|lovely) (?:day|evening|night|weekend|one)|tschüss|auf wiedersehen"
    r"|au revoir|adiós|adios"
    r"|arrivederci"
)
_FILLER = r"there|quoth|all|everyone|everybody|folks|team|bot|friend|again|and|then|so|well|for now|mate|sir"
r"|madam|very|just"
SMALL_TALK = re.compile(
    rf"(?:(?:{_FILLER}) )*(?:(?:{_GREETING}|{_THANKS}|{_ACKNOWLEDGEMENT}"
    rf"|{_FAREWELL})(?: (?:{_FILLER}))*(?: |$))+"
)

_THIS = (
    r"(?:this|that|the|your) (?:site|service|page|website|tool|app|chat|chatbot|bot|system|assistant|search"
    r"|thing)"
)
ABOUT_THE_SERVICE = re.compile(
    r"(?:(?:please|hi|hello|hey|ok|so|and|well) )*(?:(?:can|could|would) you (?:please )?(?:tell"
    r"|show) me )?(?:"
    r"(?:i need |can you |please |get )?help(?: me)?|can i (?:ask|get help)(?: (?:you )?(?:something"
    r"|a question|questions?))?"
    r"|what (?:else )?(?:can|could|should|may|do) (?:i|we) (?:ask|do|search|find|search for|type"
    r"|say)(?: (?:you|here|about|with you|in here|with this))*"
    r"|what (?:i|we) can (?:ask|do)(?: (?:you|here|about))*"
    r"|(?:what|which) (?:(?:kinds?|sorts?|types?) of )?(?:questions?|things?|topics?) (?:can|could|may"
    r"|should) (?:i|we|you) "
    r"(?:ask|answer|search|cover)(?: (?:you|here|about))*"
    r"|what (?:can|could|else can) you (?:do|answer|offer|tell me|help (?:me )?with|help)(?: (?:for me"
    r"|for us|me|about))*"
    r"|what do you (?:do|know|offer|cover|know about)|how (?:can|could|do) you help(?: me| us)?"
    r"|who (?:are|made|built|created|wrote|trained) you|who am i (?:talking|speaking|chatting) (?:to|with)"
    r"|what are you|what(?:'s| is| are) your (?:name|purpose|job|sources?|function|features|capabilities)"
    r"|are you (?:really )?(?:an? )?(?:real |actual )?(?:human|person|bot|robot|ai|machine|chatbot"
    r"|chatgpt|llm|computer|program|there)"
    rf"|what(?:'s| is) {_THIS}(?: for| about)?|what does {_THIS} do|who (?:made|runs|built|is behind) {_THIS}"
    rf"|how (?:do|does) (?:you|this|{_THIS}) work|how (?:do|can|should) (?:i|we) (?:use|ask|search"
    rf"|start)(?: (?:you|this|{_THIS}))?"
    r"|tell me about yourself|introduce yourself|explain yourself"
    r"|(?:what|which) (?:topics?|subjects?|articles?|documents?|sources?|languages?) (?:do"
    r"|can) you (?:cover|have|know|speak|use|understand|search|answer)(?: about)?"
    r"|where do you get your (?:answers?|information|data)(?: from)?"
    r"|hilfe|aide|ayuda|aiuto|ajuda|hjälp|hjelp|hjælp|помощь|帮助|مساعدة"
    r")(?: please| here)?"
)

_DOCUMENTS = (
    r"(?:articles?|texts?|documents?|pages?|stor(?:y|ies)|reports?|files?|books?|papers?|news|collection"
    r"|passages?|content)"
)
SUMMARY_REQUEST = re.compile(
    r"(?:(?:please|pls|kindly|hi|hello|hey|ok|and|so|now) )*"
    r"(?:(?:can|could|would|will) you (?:please )?|i (?:want|need|would like|'d like) (?:you )?(?:to )?"
    r"|i'd like (?:you )?(?:to )?)?(?:"
    r"(?:summari[sz]e|sum up|recap|paraphrase|rephrase|rewrite|translate|condense|abridge|tl ?dr)(?: .*)?"
    r"|(?:(?:give|show|write|make|get|tell|send|create|draft|prepare|provide)(?: me"
    r"| us)?(?: with)? )?(?:an?|the|your|its)? ?"
    r"(?:(?:very|short|brief|quick|concise|detailed|general|complete|full|executive|high level"
    r"|one (?:sentence|line|paragraph)|\d+ words?) )*"
    r"(?:summary|overview|synopsis|recap|gist|rundown|digest|short version|key points|main points"
    r"|key takeaways|takeaways"
    r"|essay|poem|translation|paraphrase)(?: please)?(?: (?:of|for|on|about|from|in|to) .*)?(?: please)?"
    r"|what(?:'s| is| are| was| were) (?:the |this |these |that |all (?:the|these) "
    rf"|your )(?:\w+ )?{_DOCUMENTS} (?:all )?about"
    rf"|what (?:do|does) (?:the |this |these |all (?:the|these) |your )(?:\w+ )?{_DOCUMENTS} (?:say"
    r"|discuss|cover|talk about|contain|deal with)"
    r"|what(?:'s| is| are) the (?:gist|summary|overview|(?:main|key) (?:points?|ideas?|takeaways?"
    r"|messages?)|takeaways?|highlights|bottom line)"
    rf"(?: (?:of|in|from) (?:the|this|these|that|all(?: the)?) (?:\w+ )?{_DOCUMENTS})?"
    r"|explain (?:.* )?(?:in (?:your own|simple|simpler|plain|layman's) (?:words|terms)|like i'm (?:five|5))"
    r")"
)
