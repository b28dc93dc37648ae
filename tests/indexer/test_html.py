"""HTML: what a page shows is what is read, block by block, and nothing else."""

from __future__ import annotations

import pytest

from indexer.errors import UnreadableFileError
from indexer.formats.html import read
from indexer.records import SegmentKind

SENTENCE = (
    "The keepers of the lighthouse wrote down the weather every evening, in a book that is kept to this day. "
)
STORY = "".join(f"<p>{number}. {SENTENCE * 2}</p>" for number in range(6))


def text(markup: str) -> str:
    return read(markup.encode()).text


def blocks(markup: str) -> list[str]:
    return text(markup).split("\n\n")


def article(body: str, around: str = "") -> str:
    return f"<html><head><title>T</title></head><body>{around}<article>{body}{STORY}</article></body></html>"


# Words and their line


@pytest.mark.parametrize(
    ("markup", "line"),
    [
        ("Doors open at <time datetime='19:15'>19:15</time> sharp.", "Doors open at 19:15 sharp."),
        ("A field of 40 m<sup>2</sup> and 10<sup>-6</sup> g.", "A field of 40 m² and 10⁻⁶ g."),
        ("Tanks of H<sub>2</sub>SO<sub>4</sub> stood by.", "Tanks of H₂SO₄ stood by."),
        ("It grows with x<sup>k/2</sup> at most.", "It grows with x^(k/2) at most."),
        ("Take v<sub>out</sub> as given.", "Take vₒᵤₜ as given."),
        ("The 3<sup>rd</sup> gate.", "The 3rd gate."),
        ("Some 900<sup><a href='#note-4'>4</a></sup> sheep.", "Some 900[4] sheep."),
        ("Some 900<sup id='r'><a href='#cite_note-7'>[7]</a></sup> sheep.", "Some 900[7] sheep."),
        ("She said <q>not before <q>noon</q></q> and left.", "She said “not before ‘noon’” and left."),
        ("Type <kbd>q</kbd> in <code>less</code>.", "Type q in less."),
        ("The fee is <s>12</s> <ins>15</ins> marks.", "The fee is 15 marks."),
        ("A <abbr title='long'>NGO</abbr> of <nobr>two towns</nobr>.", "A NGO of two towns."),
        ("Hard<wbr>ship and weather&shy;proof.", "Hardship and weatherproof."),
        ("First line.<br>Second line.", "First line.\nSecond line."),
        ("<ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby> it is.", "東京(とうきょう) it is."),
        (
            "So <math><msup><mi>a</mi><mn>2</mn></msup><mo>=</mo>"
            "<mfrac><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac></math> holds.",
            "So a² = (b + 1)/2 holds.",
        ),
        ("A <img alt='picture' src='x.png'> here.", "A here."),
        ("Pick <select><option>red</option></select> now <input value='x'>.", "Pick now ."),
        ("Wide&nbsp;space\n and   more.", "Wide\u00a0space and more."),
    ],
)
def test_inline_elements_keep_their_words_and_their_line(markup: str, line: str) -> None:
    assert blocks(article(f"<p>{markup}</p>"))[0] == line


def test_preformatted_text_keeps_its_lines() -> None:
    assert "for x in y:\n    print(x)" in blocks(article("<pre>for x in y:\n    print(x)\n</pre>"))


# Blocks


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>The reeve is Tor Moe.", ["The reeve is Tor Moe."]),
        ("The reeve is Tor Moe.", ["The reeve is Tor Moe."]),
        ("<div>Bare words.<p>A block.</p>After it.</div>", ["Bare words.", "A block.", "After it."]),
        ("<h1>Moss</h1><p>A town.</p><ul><li>Reeve: Al</li><li>Smith: Bea</li></ul>",
         ["Moss", "A town.", "Reeve: Al", "Smith: Bea"]),
        ("<dl><dt>Reeve</dt><dd>Al</dd></dl>", ["Reeve", "Al"]),
        ("<p>One.<br><br>Two.</p>", ["One.", "Two."]),
        ("<details><summary>Fees</summary><p>Two marks.</p></details>", ["Fees", "Two marks."]),
        ("<blockquote>Long ago.</blockquote><figure><img alt='x'><figcaption>The pier.</figcaption></figure>",
         ["Long ago.", "The pier."]),
    ],
)  # fmt: skip
def test_short_pages_and_fragments_are_read_block_by_block(markup: str, expected: list[str]) -> None:
    assert blocks(markup) == expected


def test_a_short_block_among_the_paragraphs_is_read() -> None:
    assert "The reeve is Tor Moe." in blocks(article("<h1>Moss</h1><div>The reeve is Tor Moe.</div>"))


def test_the_second_of_two_wrappers_alike_is_read() -> None:
    half = f"<div class='wrap'><div class='entry-content'>{STORY}"

    read_blocks = blocks(
        f"<html><body>{half}</div></div>{half}<p>The reeve is Tor Moe.</p></div></div></body></html>"
    )

    assert read_blocks[-1] == "The reeve is Tor Moe."
    assert len(read_blocks) == 13


def test_a_first_paragraph_full_of_links_is_read() -> None:
    links = (
        "<p>By ferry from <a href='/a'>Horten</a>, <a href='/b'>Moss</a> or <a href='/c'>Larkollen</a>.</p>"
    )

    assert blocks(article(links))[0] == "By ferry from Horten, Moss or Larkollen."


def test_headings_are_sections_and_items_know_their_introduction() -> None:
    document = read(
        article("<h2>Fares</h2><p>The fares are:</p><ol><li>two marks</li><li>three</li></ol>").encode()
    )

    sections = [one.label for one in document.segments if one.kind is SegmentKind.SECTION]
    items = [
        (document.text[one.start : one.end], one.label)
        for one in document.segments
        if one.kind is SegmentKind.ITEM
    ]
    assert sections == ["Fares"]
    assert items == [("two marks", "The fares are:"), ("three", "The fares are:")]


def test_cells_know_their_row_and_column_also_across_spans() -> None:
    table = (
        "<table><tr><th>Pier</th><th>Year</th><th>Cost</th></tr>"
        "<tr><td rowspan='2'>North</td><td>1901</td><td>40</td></tr><tr><td>1950</td><td>90</td></tr></table>"
    )
    document = read(article(table).encode())

    cells = {
        document.text[one.start : one.end]: one.label
        for one in document.segments
        if one.kind is SegmentKind.CELL
    }
    assert "1950\t90" in document.text.split("\n\n")
    assert (cells["40"], cells["90"]) == ("North\tCost", "North\tCost")


def test_a_table_that_lays_out_a_page_is_no_table() -> None:
    left = f"<td><p>Left. {SENTENCE}</p><p>More. {SENTENCE}</p></td>"
    markup = f"<table><tr>{left}<td><h2>Right</h2><p>{SENTENCE}</p></td></tr></table>"

    assert read(markup.encode()).text.count("\t") == 0


# What no reader sees, and what stands around the article


@pytest.mark.parametrize(
    "unseen",
    [
        "<p hidden>SECRET words.</p>",
        "<p aria-hidden='true'>SECRET words.</p>",
        "<p style='color: red; display: none'>SECRET words.</p>",
        "<div style='visibility:hidden'>SECRET words.</div>",
        "<template><p>SECRET words.</p></template>",
        "<noscript><p>SECRET words.</p></noscript>",
        "<!-- SECRET words. -->",
        "<span class='sr-only'>SECRET words.</span>",
        "<span role='tooltip'>SECRET words.</span>",
        "<style>.later { color: red; display: none } @media print { .x { top: 0 } }</style>"
        "<p class='later'>SECRET</p>",
        '<script type=\'application/ld+json\'>{"articleBody": "SECRET"}</script>',
        "<svg><text>SECRET</text></svg>",
        "<iframe>SECRET</iframe>",
        "<textarea>SECRET</textarea>",
    ],
)
def test_what_no_reader_sees_is_not_read(unseen: str) -> None:
    found = text(article(f"<p>Seen words.</p>{unseen}<p>Seen again.</p>"))

    assert "SECRET" not in found
    assert found.startswith("Seen words.\n\nSeen again.")


def test_a_class_that_a_wider_screen_shows_is_read() -> None:
    sheet = "<style>.wide{display:none} @media (min-width: 60em) {.wide{display:block}}</style>"

    assert "Shown on wide screens." in text(article(f"{sheet}<p class='wide'>Shown on wide screens.</p>"))


def test_a_page_that_hides_everything_until_scripts_run_is_read_with_a_warning() -> None:
    document = read(
        f"<html><body><p>Loading</p><div style='display:none'>{STORY}</div></body></html>".encode()
    )

    assert SENTENCE.strip() in document.text
    assert "until scripts run" in document.warnings[0]


@pytest.mark.parametrize(
    "around",
    [
        "<nav><ul><li><a href='/'>OTHER page</a></li></ul></nav>",
        f"<aside><h3>OTHER</h3><p>OTHER. {SENTENCE}</p></aside>",
        f"<footer><p>OTHER. {SENTENCE}</p></footer>",
        f"<div class='cookie-banner'><p>OTHER. {SENTENCE}</p></div>",
        f"<div id='comments'><p>OTHER. {SENTENCE}</p></div>",
        "<div class='related-articles'><a href='/1'>OTHER story</a></div>",
        f"<section class='newsletterSignup'><p>OTHER. {SENTENCE}</p></section>",
    ],
)
def test_menus_comments_and_banners_stay_out(around: str) -> None:
    assert "OTHER" not in text(article("", around))


def test_a_section_named_after_its_heading_is_read() -> None:
    sections = "".join(
        f"<section id='{name.lower()}'><h2>{name}</h2><p>{name}: {SENTENCE}</p></section>"
        for name in ("Cookies", "Newsletter", "Comments", "Sharing", "Payment")
    )

    assert blocks(f"<html><body><main>{sections}</main></body></html>")[::2] == [
        "Cookies", "Newsletter", "Comments", "Sharing", "Payment",
    ]  # fmt: skip


# Short text of the article, around its prose

MENU = "<header><a href='/'>Gazette</a><nav><ul><li><a href='/n'>OTHER pages</a></li></ul></nav></header>"
BOTTOM = "<footer><p>OTHER words: all rights reserved.</p><ul><li><a href='/t'>Terms</a></li></ul></footer>"
TABLE = "<table><tr><th>Lock</th><th>Keeper</th></tr><tr><td>North</td><td>Pia Lund</td></tr></table>"
FACTS = "<dl><dt>Treasurer</dt><dd>Pia Lund</dd><dt>Clerk</dt><dd>Ola Vik</dd></dl>"
CARDS = "".join(
    f"<li class='card'><h3><a href='/{number}'>OTHER story of the town {number}</a></h3>"
    f"<p>OTHER. {SENTENCE}</p></li>"
    for number in range(4)
)


def page(body: str) -> str:
    return f"<html><head><title>T</title></head><body>{MENU}{body}{BOTTOM}</body></html>"


@pytest.mark.parametrize(
    ("body", "read_too"),
    [
        (f"<article><h1>Notice</h1>{FACTS}{STORY}</article>", ["Notice", "Treasurer", "Pia Lund", "Ola Vik"]),
        (f"<article><h1>Notice</h1>{STORY}{FACTS}</article>", ["Notice", "Treasurer", "Ola Vik"]),
        (f"<article><h1>Notice</h1><ul><li>Open 9 to 5</li></ul>{STORY}</article>", ["Open 9 to 5"]),
        (f"<article>{STORY}<h2>Bring</h2><ul><li>Boots</li></ul></article>", ["Bring", "Boots"]),
        (f"<article><h1>Notice</h1>{TABLE}{STORY}</article>", ["Lock\tKeeper", "North\tPia Lund"]),
        (f"<main><h1>Notice</h1><div>{STORY}</div>{TABLE}</main>", ["North\tPia Lund"]),
        (f"<main><div><h1>Notice</h1>{FACTS}<div>{STORY}</div></div></main>", ["Clerk", "Ola Vik"]),
        (f"<h1>Notice</h1>{FACTS}{STORY}<ul><li>Boots</li></ul>", ["Clerk", "Boots"]),
        (f"<article><h1>Notice</h1><p>No boats.</p>{STORY}<p>Free.</p></article>", ["No boats.", "Free."]),
        (f"<article><figure><img src='x'><figcaption>The lock.</figcaption></figure>{STORY}</article>",
         ["The lock."]),
        (f"<article>{STORY}<figure><img src='x'><figcaption>The lock.</figcaption></figure></article>",
         ["The lock."]),
        (f"<article><div class='key-points'><h2>Short</h2><ul><li>No boats</li></ul></div>{STORY}</article>",
         ["Short", "No boats"]),
        (f"<article><div class='event-date'>6 May, 19:15</div>{STORY}</article>", ["6 May, 19:15"]),
        (f"<article><aside class='editors-note'><p>This page was corrected on the day after it was written."
         f"</p></aside>{STORY}</article>", ["This page was corrected on the day after it was written."]),
        (f"<article>{STORY}<p>Reeve: <a href='mailto:r@a.no'>r@a.no</a></p></article>", ["Reeve: r@a.no"]),
        (f"<main>{STORY}<section><h2>Fees</h2><p>3 marks.</p></section></main>", ["Fees", "3 marks."]),
        (f"<main><div><div><h3>Time</h3><p>37.5</p></div></div><div>{STORY}</div></main>", ["Time", "37.5"]),
        (f"<center><b>Moss Town</b></center>{STORY}", ["Moss Town"]),
        (f"<article><p>{SENTENCE}</p><h2><a href='/rez'>Rez ($30)</a></h2>{STORY}</article>", ["Rez ($30)"]),
    ],
)  # fmt: skip
def test_short_text_of_the_article_s_region_is_read(body: str, read_too: list[str]) -> None:
    found = blocks(page(body))

    assert set(read_too) <= set(found)
    assert len([block for block in found if SENTENCE.strip() in block]) >= 6
    assert not any("OTHER" in block for block in found)


@pytest.mark.parametrize(
    "above",
    [
        "<div class='page-header'><h1>Notice</h1></div>",
        "<div><div><h1>Notice</h1><p class='byline'>By A. Krog</p></div></div>",
    ],
)
def test_a_headline_above_the_article_s_region_is_read_unless_it_is_the_title(above: str) -> None:
    body = page(f"{above}<main><div>{STORY}</div></main>")
    stated = read(body.replace("<title>T<", "<title>Notice<").encode())
    other = read(body.encode())

    assert stated.metadata.title == "Notice"
    assert "Notice" not in stated.text
    assert other.metadata.title == "T"
    assert other.text.startswith("Notice\n\n")


def test_a_site_s_name_is_no_headline() -> None:
    logo = "<h1 class='logo'><a href='/'>OTHER Gazette</a></h1>"

    assert blocks(page(f"{logo}<div><h2>Notice</h2>{STORY}</div>"))[0] == "Notice"


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Members</h1><ul><li>Al of Moss</li><li>Bea of Vik</li></ul>",
        "<h1>Members</h1><dl><dt>Who?</dt><dd>Al and Bea.</dd></dl>",
        "<h1>Members</h1><details><summary>Who?</summary><p>Al and Bea.</p></details>",
        "<h1>Members</h1><table><tr><th>Name</th><th>Town</th></tr><tr><td>Al</td><td>Moss</td></tr></table>",
        "<h1>Members</h1><p>Present: Al, Bea.</p><p>Apologies: Cy.</p><p>Roof: no news.</p>",
        "<h1>Members</h1><blockquote><p>The sea is grey,</p><p>the boat is old.</p></blockquote>",
    ],
)
def test_pages_without_prose_are_read_whole(body: str) -> None:
    assert blocks(page(f"<main>{body}</main>")) == blocks(body)


@pytest.mark.parametrize(
    "other",
    [
        f"<ul>{CARDS}</ul>",
        "<ul><li><a href='/1'>OTHER story</a></li><li><a href='/2'>OTHER news</a></li></ul>",
        "<div class='author-bio'><p>OTHER: Ada Krog writes about canals and about ships.</p></div>",
        "<div class='newsletter'><p>OTHER: get the news of the canal every day.</p></div>",
        "<ul class='tags'><li><a href='/1'>OTHER</a></li></ul>",
    ],
)
def test_lists_of_other_articles_and_words_about_the_author_stay_out(other: str) -> None:
    assert "OTHER" not in text(page(f"<main><h1>Notice</h1>{STORY}{other}</main>"))


def test_a_page_that_is_a_list_of_articles_is_read() -> None:
    assert blocks(page(f"<main><h1>News</h1><ul>{CARDS}</ul></main>")).count("OTHER story of the town 0") == 1


# What was left out


def test_text_that_looks_like_the_article_s_and_is_left_out_is_told() -> None:
    other = f"<div class='promo-box'><p>Elsewhere. {SENTENCE * 2}</p></div>"

    document = read(article("", other).encode())

    assert "Elsewhere." not in document.text
    assert "words that look like text of the article were left out" in document.warnings[0]
    assert "Elsewhere. The keepers" in document.warnings[0]


def test_links_left_out_amid_the_article_are_told() -> None:
    links = "".join(
        f"<li><a href='/{number}'>Lamp {number} for the lock, now cheaper</a></li>" for number in range(9)
    )

    document = read(article("", "").replace("<p>3.", f"<ul>{links}</ul><p>3.").encode())

    assert "Lamp 1" not in document.text
    assert "words of links amid the article were left out" in document.warnings[0]


def test_short_pieces_left_out_are_told() -> None:
    rows = "".join(
        f"<div><a href='/{number}'>Buy</a><span>Lamp {number}, yellow, eight marks</span></div>"
        for number in range(40)
    )

    document = read(f"<html><body><div>{STORY}</div><div>{rows}</div></body></html>".encode())

    assert "words in short pieces that may be the article's were left out" in document.warnings[0]


def test_formulas_that_lose_their_shape_are_told() -> None:
    fraction = "<p>So <math><mfrac><mi>a</mi><mi>b</mi></mfrac></math> holds.</p>"

    assert "5 fractions, roots and matrices" in read(article(fraction * 5).encode()).warnings[0]
    assert read(article(fraction * 4).encode()).warnings == ()


def test_a_page_read_whole_has_no_warning() -> None:
    assert read(article("<h1>Moss</h1>").encode()).warnings == ()


@pytest.mark.parametrize("markup", ["<p> </p>", "<img alt='x'>", "<script>let words = 'none'</script>"])
def test_a_page_that_shows_no_words_is_refused(markup: str) -> None:
    with pytest.raises(UnreadableFileError, match="no article text"):
        read(markup.encode())


def test_a_page_saved_as_utf_8_that_still_declares_another_encoding_is_read() -> None:
    markup = "<meta charset='gb2312'><p>Übergröße für Þórshöfn, the reeve said.</p>"

    assert text(markup) == "Übergröße für Þórshöfn, the reeve said."


def test_a_heading_that_links_to_itself_is_read() -> None:
    headings = "<h2><a href='#fares'>Fares</a></h2>"

    assert blocks(article(f"<p>{SENTENCE}</p>{headings}"))[1] == "Fares"
