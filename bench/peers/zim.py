"""Writes a ZIM of JSON Lines {id, title, body} with libzim: zim.py DOCUMENTS.jsonl OUT.zim LANGUAGE [LIMIT]

Prints one JSON line {"documents", "seconds", "bytes", "peak_kb"}.
"""
import html
import json
import os
import resource
import sys
import time

from libzim.writer import Creator, Hint, Item, StringProvider

PAGE = (
    '<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title></head>'
    "<body><h1>{title}</h1><p>{body}</p></body></html>"
)


class Article(Item):
    def __init__(self, path, title, page):
        super().__init__()
        self.path, self.title, self.page = path, title, page

    def get_path(self):
        return self.path

    def get_title(self):
        return self.title

    def get_mimetype(self):
        return "text/html"

    def get_contentprovider(self):
        return StringProvider(self.page)

    def get_hints(self):
        return {Hint.FRONT_ARTICLE: True}


def main():
    source, out, language = sys.argv[1:4]
    limit = int(sys.argv[4]) if len(sys.argv) > 4 else sys.maxsize
    if os.path.exists(out):
        os.remove(out)
    start = time.monotonic()
    count = 0
    with open(source, encoding="utf-8") as lines, Creator(out).config_indexing(True, language).config_nbworkers(1) as zim:
        zim.set_mainpath("home")
        zim.add_item(Article("home", "Home", PAGE.format(lang="en", title="Home", body="Documents.")))
        for line in lines:
            if count >= limit:
                break
            one = json.loads(line)
            title, body = html.escape(one["title"]), html.escape(one["body"])
            page = PAGE.format(lang=one.get("lang", "en"), title=title, body=body)
            zim.add_item(Article("d/" + one["id"].replace("/", "_"), one["title"], page))
            count += 1
        for name, value in (
            ("Title", "Documents"), ("Description", "Documents of a benchmark"), ("Creator", "bench"),
            ("Publisher", "bench"), ("Name", "bench"), ("Language", language), ("Date", "2026-11-22"),
        ):
            zim.add_metadata(name, value)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({
        "documents": count, "seconds": time.monotonic() - start,
        "bytes": os.path.getsize(out), "peak_kb": peak,
    }))


main()
