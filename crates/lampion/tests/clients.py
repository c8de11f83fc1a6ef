"""Independent programs read what a node gives to other programs: feedparser, lxml, pymarc."""
import io, sys, json, urllib.request, urllib.parse
import feedparser, pymarc
from lxml import etree

base = sys.argv[1]

def get(path):
    address = path if "://" in path else base + path
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address) as reply:
        return reply.read(), reply.headers

# OPDS 1.2: from the root over every link of navigation, and each file once.
root, headers = get("/opds")
feed = feedparser.parse(io.BytesIO(root))
assert not feed.bozo, feed.bozo_exception
assert feed.version == "atom10" and "kind=navigation" in headers["content-type"]
assert not [one.title for one in feed.entries if one.title[0].islower()], "titles begin with a capital letter"
files, pages, todo, seen = set(), 0, [link.href for one in feed.entries for link in one.links], set()
ids = {}
while todo:
    address = todo.pop()
    if address in seen:
        continue
    seen.add(address)
    body, headers = get(address)
    feed = feedparser.parse(io.BytesIO(body))
    assert not feed.bozo, (address, feed.bozo_exception)
    assert feed.feed.id and feed.feed.title and feed.feed.updated_parsed
    pages += 1
    # Addresses of RFC 3986 without empty parts.
    for one in [feed.feed] + feed.entries:
        rest = one.id.split(":", 1)[1]
        assert one.id.startswith("tag:") and "//" not in rest and " " not in rest and rest.isascii(), one.id
    # OPDS 1.2: one facet of a group at most is active, and it leads to what is shown.
    groups = {}
    for link in feed.feed.links:
        if link.rel == "http://opds-spec.org/facet":
            active = link.get("activefacet", link.get("opds:activefacet", "")) == "true"
            groups.setdefault(link.get("facetgroup", link.get("opds:facetgroup")), []).append((active, link.href))
    for group, facets in groups.items():
        assert sum(active for active, _ in facets) <= 1, (address, group, facets)
    for entry in feed.entries:
        assert entry.id and entry.title and entry.updated_parsed, entry
        for link in entry.links:
            if link.rel == "http://opds-spec.org/acquisition/open-access":
                files.add((link.href, link.type))
                assert ids.setdefault(entry.id, entry.title) == entry.title
            elif link.rel in ("subsection", "http://opds-spec.org/sort/new"):
                todo.append(link.href)
    todo.extend(link.href for link in feed.feed.links if link.rel == "next")
assert len(files) == len(ids) == 60, (len(files), len(ids))
for href, kind in sorted(files)[:3]:
    body, headers = get(href)
    assert body and headers["content-type"].startswith(kind), (href, headers["content-type"])

# The search description is filled in as a reading program does.
description = etree.fromstring(get("/opds/search.xml")[0])
template = description.find("{*}Url").get("template")
found = feedparser.parse(io.BytesIO(get(template.replace("{searchTerms}", "lantern%20keeper"))[0]))
assert len(found.entries) == 50, len(found.entries)

# Files of results.
marc = list(pymarc.MARCReader(get("/export/mrc?q=lantern")[0]))
assert len(marc) == 62 and all(marc), len(marc)
assert "Lanterns of the valley" in [one.title for one in marc], [one.title for one in marc][:5]
xml = pymarc.parse_xml_to_array(io.BytesIO(get("/export/xml?q=lantern")[0]))
assert sorted(one.title for one in xml) == sorted(one.title for one in marc)
assert len(json.loads(get("/export/json?q=lantern")[0])) == 62

# SRU: all records of a search, page by page, by the position that the answer names.
srw = {"s": "http://www.loc.gov/zing/srw/", "m": "http://www.loc.gov/MARC21/slim"}
start, titles = "1", []
while start:
    query = urllib.parse.urlencode({"version": "1.2", "operation": "searchRetrieve", "query": "lantern",
                                    "recordSchema": "marcxml", "startRecord": start, "maximumRecords": "25"})
    answer = etree.fromstring(get("/sru?" + query)[0])
    assert answer.findtext("s:numberOfRecords", namespaces=srw) == "62"
    titles += answer.xpath("//m:datafield[@tag='245']/m:subfield[@code='a']/text()", namespaces=srw)
    start = answer.findtext("s:nextRecordPosition", namespaces=srw)
assert len(titles) == 62 and len(set(titles)) == 62, len(titles)
print("pages", pages)
