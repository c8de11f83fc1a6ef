"""Builds and asks a peer engine in process: engine.py xapian|sqlite DOCUMENTS.jsonl FOLDER QUERIES.jsonl [LIMIT]

QUERIES.jsonl holds {"kind", "words", "text"} lines; each is asked for its first 10 with a snippet of the body.
Prints one JSON line with the indexing rate, size, memory and the times of the queries in milliseconds by kind.
"""
import json
import os
import resource
import sqlite3
import sys
import time


def documents(path, limit):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number >= limit:
                return
            yield json.loads(line)


def size(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


class Sqlite:
    def __init__(self, folder):
        self.db = sqlite3.connect(os.path.join(folder, "fts.db"))
        self.db.execute("pragma journal_mode=wal")

    def build(self, all_documents):
        self.db.execute("create virtual table d using fts5(title, body, tokenize='porter unicode61')")
        self.db.executemany("insert into d values (?, ?)", ((one["title"], one["body"]) for one in all_documents))
        self.db.commit()

    def query(self, kind, words, text):
        quoted = ['"' + word.replace('"', "") + '"' for word in words]
        if kind == "phrase":
            match = '"' + " ".join(words).replace('"', "") + '"'
        else:
            match = (" OR " if kind == "or" else " AND ").join(quoted)
        sql = "select title, snippet(d, 1, '<b>', '</b>', '…', 30) from d where d match ? order by rank limit 10"
        return len(self.db.execute(sql, (match,)).fetchall())


class Xapian:
    def __init__(self, folder):
        import xapian
        self.x = xapian
        self.folder = os.path.join(folder, "db")
        if os.path.exists(self.folder):
            self.open()

    def open(self):
        x = self.x
        self.db = x.Database(self.folder)
        self.parser = x.QueryParser()
        self.parser.set_stemmer(x.Stem("english"))
        self.parser.set_stemming_strategy(x.QueryParser.STEM_SOME)
        self.parser.set_default_op(x.Query.OP_AND)
        self.parser.set_database(self.db)
        self.stem = x.Stem("english")

    def build(self, all_documents):
        x = self.x
        db = x.WritableDatabase(self.folder, x.DB_CREATE_OR_OVERWRITE)
        indexer = x.TermGenerator()
        indexer.set_stemmer(x.Stem("english"))
        for one in all_documents:
            document = x.Document()
            indexer.set_document(document)
            indexer.index_text(one["title"], 1, "S")
            indexer.index_text(one["title"])
            indexer.increase_termpos()
            indexer.index_text(one["body"])
            document.set_data(json.dumps([one["title"], one["body"]]))
            db.add_document(document)
        db.commit()
        db.close()
        self.open()

    def query(self, kind, words, text):
        enquire = self.x.Enquire(self.db)
        enquire.set_query(self.parser.parse_query(text))
        found = enquire.get_mset(0, 10)
        for match in found:
            body = json.loads(match.document.get_data())[1]
            found.snippet(body, 300, self.stem)
        return found.size()


def main():
    name, source, folder, queries = sys.argv[1:5]
    limit = int(sys.argv[5]) if len(sys.argv) > 5 else sys.maxsize
    os.makedirs(folder, exist_ok=True)
    report = {}
    built = os.path.join(folder, "built.json")
    engine = {"xapian": Xapian, "sqlite": Sqlite}[name](folder)
    if os.path.exists(built):
        with open(built) as file:
            report = json.load(file)
    else:
        start, count = time.monotonic(), 0

        def counted():
            nonlocal count
            for one in documents(source, limit):
                count += 1
                yield one

        engine.build(counted())
        seconds = time.monotonic() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report = {"documents": count, "seconds": seconds, "bytes": size(folder), "peak_kb": peak}
        with open(built, "w") as file:
            json.dump(report, file)
    times = {}
    with open(queries, encoding="utf-8") as lines:
        asked = [json.loads(line) for line in lines]
    for one in asked[:200]:
        engine.query(one["kind"], one["words"], one["text"])
    for one in asked:
        start = time.perf_counter()
        engine.query(one["kind"], one["words"], one["text"])
        times.setdefault(one["kind"], []).append((time.perf_counter() - start) * 1000)
    report["times_ms"] = times
    print(json.dumps(report))


main()
