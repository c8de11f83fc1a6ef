"""Writes a small ZIM archive for the browser tests: make_zim.py FILE. Uses libzim, a writer that is not ours."""

import struct
import sys
import zlib

from libzim.writer import Creator, Hint, Item, StringProvider


class Entry(Item):
    def __init__(self, path, title, mimetype, content):
        super().__init__()
        self.path, self.title, self.mimetype, self.content = path, title, mimetype, content

    def get_path(self):
        return self.path

    def get_title(self):
        return self.title

    def get_mimetype(self):
        return self.mimetype

    def get_contentprovider(self):
        return StringProvider(self.content)

    def get_hints(self):
        return {Hint.FRONT_ARTICLE: self.mimetype == "text/html"}


def png(size, colour):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(colour) * size for _ in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def page(title, body, language="en"):
    return (
        f'<!doctype html><html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"><head><meta charset="utf-8">'
        f'<title>{title}</title><link rel="stylesheet" href="style.css"></head><body><h1>{title}</h1>{body}</body></html>'
    )


# What a hostile article may try; the test reads what came of it from the page's own attributes.
SPY = """
(async () => {
  const out = {};
  const tried = async (name, what) => { try { out[name] = String(await what()); } catch (e) { out[name] = 'refused: ' + e.name; } };
  const pages = location.ancestorOrigins && location.ancestorOrigins[0];
  await tried('cookie', () => document.cookie);
  await tried('storage', () => localStorage.length);
  await tried('parent', () => parent.document.title);
  await tried('fetch', () => fetch(pages + '/account', { credentials: 'include' }).then((r) => r.status));
  await tried('own', () => fetch('style.css').then((r) => r.status));
  document.body.dataset.spy = JSON.stringify({ pages, ...out });
})();
"""

ARTICLES = {
    "Valley": ("The valley", page(
        "The valley",
        '<p>A quiet valley with a river, terraces of rice and a school that keeps a lantern in its window.</p>'
        '<p><img id="picture" src="picture.png" alt="A brown square" width="64" height="64"></p>'
        '<p><a id="near" href="Lantern">The lantern</a> <a id="moved" href="Lamp">The lamp</a> '
        '<a id="missing" href="No_such_page">Nowhere</a> '
        '<a id="outside" href="https://example.org/far_away">Far away</a> '
        '<a id="korean" href="Deungbul">등불</a> <a id="arabic" href="Fanous">فانوس</a></p><script src="spy.js"></script>')),
    "Lantern": ("The lantern", page("The lantern", '<p>A lantern is a portable light with a shade of paper or glass. <a href="Valley">The valley</a></p>')),
    "Deungbul": ("등불", page("등불", "<p>등불은 어두운 밤에 길을 밝히는 불이다. 옛날에는 종이로 만든 등을 들고 다녔습니다.</p>", "ko")),
    "Fanous": ("فانوس", page("فانوس", "<p>الفانوس مصباح محمول يضيء الطريق في الليل، ويصنع من الورق أو الزجاج.</p>", "ar")),
}


def main(target):
    with Creator(target).config_indexing(False, "eng") as creator:
        creator.set_mainpath("Valley")
        for path, (title, html) in ARTICLES.items():
            creator.add_item(Entry(path, title, "text/html", html))
        for number in range(400):
            title = f"Note {number:03}"
            creator.add_item(Entry(f"Note_{number}", title, "text/html", page(title, f"<p>Entry {number} of the weather book: clouds, wind and rain.</p>")))
        creator.add_item(Entry("style.css", "", "text/css", "h1{color:rgb(10, 120, 30)}body{font-family:serif}"))
        creator.add_item(Entry("spy.js", "", "text/javascript", SPY))
        creator.add_item(Entry("picture.png", "", "image/png", png(64, (122, 59, 0))))
        creator.add_redirection("Lamp", "The lamp", "Lantern", {Hint.FRONT_ARTICLE: True})
        creator.add_illustration(48, png(48, (232, 137, 12)))
        for name, value in {
            "Title": "Valley encyclopaedia", "Description": "What is known of one valley", "Language": "eng,kor,ara",
            "Creator": "The school", "Publisher": "The school", "Name": "valley", "Date": "2024-01-02",
        }.items():
            creator.add_metadata(name, value)


main(sys.argv[1])
