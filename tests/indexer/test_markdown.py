"""Markdown: the text is what a reader of the rendered page reads, block by block."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableFileError
from indexer.formats import Document
from indexer.formats.markdown import read as read_markdown
from indexer.records import SegmentKind


def read(source: str) -> Document:
    return read_markdown(source.encode())


def text(source: str) -> str:
    return read(source).text


def segments(source: str, kind: SegmentKind) -> list[tuple[str, str]]:
    document = read(source)
    return [(document.text[one.start : one.end], one.label) for one in document.segments if one.kind == kind]


# Blocks


def test_items_are_segments_with_the_words_that_introduce_their_list() -> None:
    source = "Bring these:\n\n1. a map\n2. tools:\n   - a saw\n\n     and its case\n   - a rope\n3. water\n"
    assert text(source) == "Bring these:\n\na map\n\ntools:\n\na saw\n\nand its case\n\na rope\n\nwater"
    assert segments(source, SegmentKind.ITEM) == [
        ("a map", "Bring these:"),
        ("tools:", "Bring these:"),
        ("a saw", "tools:"),
        ("a rope", "tools:"),
        ("water", "Bring these:"),
    ]


def test_sections_have_the_path_of_headings() -> None:
    source = "# Ferry\n\nText.\n\nFares\n-----\n\nTwo.\n\n### Children ###\n\nThree."
    assert [label for _, label in segments(source, SegmentKind.SECTION)] == [
        "Ferry",
        "Ferry › Fares",
        "Ferry › Fares › Children",
    ]


def test_cells_are_segments_with_their_headings() -> None:
    source = "| Port | Depth |\n|:--|--:|\n| Vik | **9** m |\n| Nes | |\n"
    assert text(source) == "Port\tDepth\n\nVik\t9 m\n\nNes\t"
    assert ("9 m", "Vik\tDepth") in segments(source, SegmentKind.CELL)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("One line  \nnext\\\nthird<br>last", "One line\nnext\nthird\nlast"),
        ("- [x] paid\n- [ ] sent", "paid\n\nsent"),
        ("> quoted\n>\n> again\n\n---\n\n***\n\nText", "quoted\n\nagain\n\nText"),
        ("```sh\nls  -l\n\n  cd /etc\n```", "ls  -l\n\n  cd /etc"),
        (
            "Pier\n: Where ships land.\n: A jetty.\n\nBuoy\n\n: A float.",
            "Pier\n\nWhere ships land.\n\nA jetty.\n\nBuoy\n\nA float.",
        ),
        ("In 2023\n~ 5 million came", "In 2023\n~ 5 million came"),
        ("Hello&nbsp;there&#58; 5 &lt; 6", "Hello\u00a0there: 5 < 6"),
    ],
)
def test_blocks_are_read_as_they_are_shown(source: str, shown: str) -> None:
    assert text(source) == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "un*believ*able \\*really\\* :ship: <https://x.org/a_b>",
            "unbelievable *really* :ship: https://x.org/a_b",
        ),
        ("See [this page][a] and [b].\n\n[a]: https://x.org 'T'\n[b]: /b", "See this page and b."),
        ("~~Ten~~ Nine boats, <del>red</del> <ins>blue</ins>.", "Nine boats, blue."),
        ("10^3^ m of H~2~O, 5 m<sup>2</sup>", "10³ m of H₂O, 5 m²"),
        ("x^2+y^2 and a ~5 or ~6 and 2^8", "x^2+y^2 and a ~5 or ~6 and 2^8"),
        (
            "See [[Fares]], [[Fares|the prices]], [[Fares#Dogs]] ![[map.png]].",
            "See Fares, the prices, Fares > Dogs .",
        ),
        ("`[[ -f x ]]` and [[1]](https://x.org)", "[[ -f x ]] and [1]"),
        ("Press ![the gear](g.png) twice.", "Press the gear twice."),
        ("A boat.\n![A red boat](b.jpg)\n![](c.jpg)", "A boat.\n\nA red boat"),
        ("[![build](https://img.shields.io/x.svg)](y) ![photo.jpg](photo.jpg)\n\nText", "Text"),
        ("[//]: # (not shown)\n\nText <!-- nor this --> here\n\n<!--\n\nnor\n\n-->\nEnd", "Text here\n\nEnd"),
    ],
)
def test_notations_in_a_line(source: str, shown: str) -> None:
    assert text(source) == shown


# Titles


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("Ferry\n=====\n\nText", "Ferry"),
        ("[![ci](badge.svg)](x)\n\n# Ferry\n\nText", "Ferry"),
        ("<!-- licence -->\n\n# Ferry {#top .big}\n\nText", "Ferry"),
        ('<p align="center"><img src="x"></p>\n\n<h1 align="center">Ferry</h1>\n\nText', "Ferry"),
        ("[Home](/) | [Ports](/p)\n\n# Ferry\n\nText", "Ferry"),
        ("import Map from './map'\n\n# Ferry\n\n<Map />\n\nText", "Ferry"),
        ("An introduction.\n\n# Ferry\n\nText", None),
        ("```\ncode\n```\n\n# Ferry", None),
    ],
)
def test_the_first_heading_is_the_title_after_what_says_nothing(source: str, title: str | None) -> None:
    assert read(source).metadata.title == title


# Footnotes


def test_a_footnote_is_a_paragraph_at_the_end_and_leaves_no_mark() -> None:
    source = (
        "The dam cost 9 million[^a] in 2019 [^b]. Paid^[In part.] late.\n\n"
        "[^b]: Later.\n[^a]: Not audited,\n    says Bo.\n\n    He is the clerk.\n"
        "[^c]: Nobody refers to it.\n\nLast."
    )
    assert text(source) == (
        "The dam cost 9 million in 2019. Paid late.\n\nLast.\n\n"
        "Not audited,\nsays Bo.\n\nHe is the clerk.\n\nLater.\n\nIn part.\n\nNobody refers to it."
    )


def test_a_mark_without_a_footnote_is_text() -> None:
    assert text("Cost [^1] here.") == "Cost [^1] here."


# Template code


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{% note %}\nThe pier is **shut**.\n{% endnote %}\n\nNext.", "The pier is shut.\n\nNext."),
        ('See [the fares]({% link "a b" %}) and [more]({{ site.url }}/x).', "See the fares and more."),
        ("{% comment %}no{% endcomment %}A{# no #}B{{/* no */}}C{{! no }}", "ABC"),
        ("- one\n{% if open %}\n- two\n{% endif %}\n- three", "one\n\ntwo\n\nthree"),
        (
            "{{< alert >}}\nShut.\n{{< /alert >}}\n\n{{% tip %}}\nTake tea.\n{{% /tip %}}",
            "Shut.\n\nTake tea.",
        ),
        ('{{< alert title="Mind" >}}\nIce.\n{{< /alert >}}', "Mind\n\nIce."),
        ('{% include box.html content="Ice on the **pier**." %}', "Ice on the pier."),
        ("{% highlight sh %}\nls **x**\ncd\n{% endhighlight %}", "ls **x**\ncd"),
        ("Write {% raw %}{{ name }}{% endraw %} there.", "Write {{ name }} there."),
        ("Write `{{ name }}` or `{% if x %}`.", "Write {{ name }} or {% if x %}."),
        ("```\n{% raw %}\n{{ name }}\n{% endraw %}\n```\n\n*After*", "{{ name }}\n\nAfter"),
        ("`{{</* ref */>}}`", "{{< ref >}}"),
        ("    {{ code }}\n\nText", "{{ code }}\n\nText"),
        ("1. Go\n\n    ```\n    {{ x }}\n    ```\n\n    On *it*.\n", "Go\n\n{{ x }}\n\nOn it."),
        ("<% if x %>\nDear <b>Bo</b>\n<% end %>", "Dear Bo"),
        ("{% assign fee = 12 %}\nIt costs {{ fee }} dollars.", "It costs 12 dollars."),
        ("$$\n\\frac{{a}}{b}\n$$", "$$\n\\frac{{a}}{b}\n$$"),
    ],
)
def test_template_code_is_no_text_and_the_words_in_it_are(source: str, shown: str) -> None:
    document = read(source)
    assert (document.text, document.warnings) == (shown, ())


def test_a_variable_of_the_front_matter_has_its_value() -> None:
    assert (
        text("---\ntitle: Fares\nfee: 240\n---\n{{ page.title }}: ${{ page.fee }} a day")
        == "Fares: $240 a day"
    )


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("It costs {{ site.fee }} dollars.", "It costs […] dollars."),
        ("Dear <%= name %>, hello", "Dear […], hello"),
        ("Fee: {% if a %}5{% else %}6{% endif %} dollars", "Fee: 5 […] 6 dollars"),
        ("| a | b |\n|---|---|\n{% for x in y %}\n| {{ x }} | 5 |\n{% endfor %}", "a\tb\n\n[…]\t5"),
    ],
)
def test_a_value_that_is_not_in_the_file_leaves_a_gap_and_a_warning(source: str, shown: str) -> None:
    document = read(source)
    assert document.text == shown
    assert document.warnings == ("template variables without a value, shown as […]: 1",)


def test_text_of_other_files_is_missing_with_a_warning() -> None:
    document = read("Before.\n\n{% include terms.md %}\n\nAfter.")
    assert document.text == "Before.\n\nAfter."
    assert document.warnings == ("template tags whose text is in other files and is not read: 1",)


# Dialects


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("!!! note\n    Mind the *gap*.\n\n    Twice.\n\nText", "Note\n\nMind the gap.\n\nTwice.\n\nText"),
        ('??? warning "On ice"\n    Slow.', "On ice\n\nSlow."),
        ("!!! Stop here\n\n??? what is it", "!!! Stop here\n\n??? what is it"),
        ('=== "Ferry"\n\n    By *sea*.\n\n=== "Bus"\n\n    By road.', "Ferry\n\nBy sea.\n\nBus\n\nBy road."),
        (
            ":::tip\nGo *early*.\n:::\n\n:::note[Dogs]\nOn a lead.\n:::",
            "Tip\n\nGo early.\n\nDogs\n\nOn a lead.",
        ),
        ("::: warning Thin ice\nStay off.\n:::", "Thin ice\n\nStay off."),
        ("> [!CAUTION]\n> Thin\n> ice.", "Caution\n\nThin\nice."),
        ("```{tip}\nGo *early*.\n```", "Tip\n\nGo early."),
        (
            '## Fares {#fares}\n\nLow.{: .lead}\n\n{: .note }\nOr [free](x){:target="_blank"}.',
            "Fares\n\nLow.\n\nOr free.",
        ),
        ("* TOC\n{:toc}\n\n[TOC]\n\n[[_TOC_]]\n\nText", "Text"),
        ('{:ok, value} and {a} and {"b": 1}', '{:ok, value} and {a} and {"b": 1}'),
        ("*[GRT]: tonnage\n\nThe GRT is high.", "The GRT is high."),
        (
            "import A from './a'; import {\n  B,\n} from \"b\";\n\nexport const meta = {\n  a: 1,\n};\n\n"
            "<Tabs>\n"
            "  <Tab label=\"Sea\">\n    - *one*\n    - two\n  </Tab>\n</Tabs>\n\n{/* no */}\n\nBy {'ship'}.",
            "Sea\n\none\n\ntwo\n\nBy ship.",
        ),
        ("<div style={{color: 'red'}}>\n\nRed *ship*\n\n</div>", "Red ship"),
    ],
)
def test_conventions_of_single_programs_show_their_words(source: str, shown: str) -> None:
    assert text(source) == shown


# HTML in Markdown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<details>\n<summary>More</summary>\n\nIt *sank*.\n\n</details>", "More\n\nIt sank."),
        ('<div markdown="1">\nIt *sank*.\n- one\n</div>\nText', "It sank.\n\none\n\nText"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        (
            "<div hidden>no</div>\n\nSeen <span style='display: none'>no</span>too <template>no</template>",
            "Seen too",
        ),
        ("<div>\n\nA *b*\n\n    <p>c</p>\n\n</div>", "A b\n\nc"),
        ("<script>\nlet a;\n\nlet b;\n</script>\n\n<style>p {}</style>\n\nText", "Text"),
        (
            "Use the <template> tag or <script> here.\n\nNext.",
            "Use the <template> tag or <script> here.\n\nNext.",
        ),
        ("Ctrl<kbd>C</kbd> <q>so</q>", "CtrlC “so”"),
    ],
)
def test_html_is_read_like_a_page(source: str, shown: str) -> None:
    assert text(source) == shown


def test_a_table_in_html_has_cells() -> None:
    source = "<table>\n<tr><th>Port</th><th>Depth</th></tr>\n<tr><td>Vik</td><td>9 m</td></tr>\n</table>\n"
    assert ("9 m", "Vik\tDepth") in segments(source, SegmentKind.CELL)


def test_a_comment_that_never_ends_is_a_warning() -> None:
    document = read("Text.\n\n<!-- a slip\n\nMore.")
    assert document.text == "Text."
    assert "line 3" in document.warnings[0]


# Whatever the source


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_code_is_kept_to_the_character(code: str) -> None:
    source = "\n".join(line for line in code.split("\n") if "~~~" not in line)
    if source.strip():
        unseen = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
        assert text(f"Go:\n\n~~~~\n{source}\n~~~~\n\nEnd.").translate(unseen).split() == [
            "Go:", *source.translate(unseen).split(), "End.",
        ]  # fmt: skip


@given(
    st.lists(
        st.sampled_from(
            [
                "{%",
                "%}",
                "{{",
                "}}",
                "`",
                "```\n",
                "\n\n",
                "    ",
                "a",
                "if",
                "endif",
                "<",
                ">",
                "<B",
                "{",
                "}",
                "[",
                "](",
                ")",
                "|",
                ":::",
                "!!! x",
                "<!--",
                "-->",
                "[^1]",
                ": ",
                "\ufdd0",
                "$$",
            ]
        ),
        max_size=30,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_marks_are_read_or_refused(marks: list[str]) -> None:
    try:
        read("".join(marks))
    except UnreadableFileError as error:
        assert error.reason  # noqa: PT017 - either outcome is one
