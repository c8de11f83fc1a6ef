"""Mail programs at work while their node is killed, for tests/mail_kills.rs.

mail_kills.py load FACTS ROUND LMTP SUBMISSIONS IMAP SECRET   works until the connections break
mail_kills.py status FACTS IMAP SECRET                        numbers of mailboxes never fall
mail_kills.py check FACTS QUEUE IMAP SECRET SECRET2           what was acknowledged is there once, what wasn't at most once

FACTS is a file of lines of JSON: what was begun ("try") and what the node acknowledged ("ok").
"""
import imaplib, json, random, re, smtplib, ssl, sys, threading, time
from collections import Counter, defaultdict

imaplib.Commands["MOVE"] = ("SELECTED",)
BOXES = ["INBOX", "Sent", "Box", "Shelf"]
lock = threading.Lock()
facts = None


def fact(*words):
    with lock:
        facts.write(json.dumps(words) + "\n")
        facts.flush()


def read(path):
    return [json.loads(line) for line in open(path)]


def message(name, to="mira@hill.internal", sender="load@valley.internal", size=400):
    return f"From: {sender}\r\nTo: {to}\r\nSubject: {name}\r\nMessage-ID: <{name}@load>\r\n\r\n{'x' * 70}\r\n" + ("y" * 70 + "\r\n") * (size // 70)


def imap(port, secret, name="mira"):
    client = imaplib.IMAP4("127.0.0.1", int(port))
    client.login(name, secret)
    client.enable("CONDSTORE")
    return client


def done(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def first(client, code):
    # What untagged answers said; asked for after each command, so it is of this one.
    return client.response(code)[1][-1].decode()


def comes(number, port, name):
    """Local mail."""
    server = smtplib.LMTP("127.0.0.1", int(port))
    server.ehlo("load.internal")
    for n in range(100_000):
        one = f"{name}-{n}"
        fact("try", "come", one)
        # Every twentieth is a blob.
        server.sendmail("load@valley.internal", ["mira@hill.internal"], message(one, size=90_000 if n % 20 == 7 else 400))
        fact("ok", "come", one)


def away(number, port, name, wait):
    """Mail for who is away: one answer to each."""
    wait()
    server = smtplib.LMTP("127.0.0.1", int(port))
    server.ehlo("load.internal")
    sender = f"{name}@valley.internal"
    fact("try", "away", name)
    server.sendmail(sender, ["tomas@hill.internal"], message(name, "tomas@hill.internal", sender))
    fact("ok", "away", name)


def sends(number, port, secret, name, wait):
    """To another node and to the world."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    server = smtplib.SMTP_SSL("127.0.0.1", int(port), context=tls)
    server.login("mira@hill.internal", secret)
    wait()
    to = [f"{name}@valley.internal", f"{name}@example.org"]
    fact("try", "send", name)
    server.sendmail("mira@hill.internal", to, message(name, ", ".join(to), "mira@hill.internal"))
    fact("ok", "send", name)


def files(number, port, secret, name):
    """A mail program that files, flags, moves and deletes its own messages."""
    client = imap(port, secret)
    done(client.select("Box"))
    for n in range(100_000):
        one = f"{name}-{n}"
        fact("try", "append", one)
        said = done(client.append("Box", "(\\Seen)", None, message(one).encode()))[0].decode()
        validity, uid = re.search(r"APPENDUID (\d+) (\d+)", said).groups()
        fact("ok", "append", one, "Box", int(validity), int(uid))
        if n % 4 == 0:
            continue
        fact("try", "flag", one)
        said = done(client.uid("STORE", uid, "+FLAGS", "(\\Flagged $Mine)"))
        fact("ok", "flag", one, max(int(m) for m in re.findall(r"MODSEQ \((\d+)\)", str(said))))
        if n % 4 == 1:
            fact("try", "move", one)
            done(client.uid("MOVE", uid, "Shelf"))
            validity, _, to = re.search(r"(\d+) (\d+) (\d+)", first(client, "COPYUID")).groups()
            fact("ok", "move", one, "Shelf", int(validity), int(to))
        elif n % 4 == 2:
            done(client.uid("STORE", uid, "+FLAGS", "(\\Deleted)"))
            fact("try", "expunge", one)
            done(client.uid("EXPUNGE", uid))
            fact("ok", "expunge", one)


def load(path, number, lmtp, submissions, port, secret):
    global facts
    facts = open(path, "a")
    begin = sum(1 for _ in open(path))
    chance = random.Random(int(number))

    def waiting():
        # Until so many facts are there: a moment that kills may hit.
        goal = begin + chance.randrange(120)

        def wait():
            for _ in range(2_000):
                if sum(1 for _ in open(path)) >= goal:
                    return
                time.sleep(0.005)

        return wait

    def run(work, *words):
        try:
            work(*words)
        except (OSError, smtplib.SMTPServerDisconnected, imaplib.IMAP4.abort, EOFError):
            pass  # it was killed
        except smtplib.SMTPResponseException as error:
            if error.smtp_code != -1:
                fact("bad", repr(error))
        except BaseException as error:
            if "closed" not in str(error):
                fact("bad", repr(error))

    n = number
    work = [
        (comes, n, lmtp, f"c{n}a"),
        (comes, n, lmtp, f"c{n}b"),
        (away, n, lmtp, f"w{n}", waiting()),
        (sends, n, submissions, secret, f"s{n}", waiting()),
        (files, n, port, secret, f"f{n}a"),
        (files, n, port, secret, f"f{n}b"),
    ]
    threads = [threading.Thread(target=run, args=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def status(path, port, secret):
    global facts
    all = read(path)
    facts = open(path, "a")
    client = imap(port, secret)
    told = max([fact[3] for fact in all if fact[:2] == ["ok", "flag"]], default=0)
    for box in BOXES:
        said = done(client.status(box, "(UIDVALIDITY UIDNEXT HIGHESTMODSEQ)"))[0].decode()
        now = [int(re.search(rf"{word} (\d+)", said).group(1)) for word in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")]
        before = [fact[2:] for fact in all if fact[:2] == ["status", box]][-1:]
        for validity, uid_next, modseq in before:
            assert now[0] == validity and now[1] >= uid_next and now[2] >= modseq, (box, before, now)
        given = [fact[5] for fact in all if fact[0] == "ok" and fact[3:4] == [box]]
        assert now[1] > max(given, default=0), (box, now, max(given))
        if box == "Box":
            assert now[2] >= told, (now, told)
        fact("status", box, *now)


def contents(client, box):
    """Uid, name and flags of all messages."""
    done(client.select(box, readonly=True))
    found = []
    for one in done(client.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")):
        if isinstance(one, tuple):
            about, header = one[0].decode(), one[1].decode()
            name = re.search(r"<(.*)@load>", header)
            if name:
                found.append((int(re.search(r"UID (\d+)", about).group(1)), name.group(1), about))
    return found


def check(path, queue, port, secret, secret2):
    global facts
    all = read(path)
    facts = open(path, "a")
    bad = [fact for fact in all if fact[0] == "bad"]
    assert not bad, bad[:5]
    client = imap(port, secret)
    boxes = {box: contents(client, box) for box in BOXES}
    boxes["tomas"] = contents(imap(port, secret2, "tomas"), "INBOX")
    where = defaultdict(list)
    whose = {}
    for fact_ in all:
        if fact_[0] in ("ok", "seen") and len(fact_) == 6:
            place = tuple(fact_[3:])
            assert whose.setdefault(place, fact_[2]) == fact_[2], ("a UID was given twice", place)
    validity = {fact[1]: fact[2] for fact in all if fact[0] == "status"}
    for box, found in boxes.items():
        assert len({uid for uid, *_ in found}) == len(found), box
        for uid, name, about in found:
            where[name].append((box, about))
            place = (box, validity.get(box, 0), uid)
            if place not in whose:
                whose[place] = name
                fact("seen", "seen", name, *place)
            assert whose[place] == name, ("a UID means another message", place, whose[place], name)
    rows = Counter(row["recipient"] for row in json.load(open(queue)))
    tried, ok = defaultdict(set), defaultdict(set)
    for fact_ in all:
        if fact_[0] in ("try", "ok"):
            (tried if fact_[0] == "try" else ok)[fact_[2]].add(fact_[1])
    for name, begun in tried.items():
        places = [box for box, _ in where[name]]
        sure = ok[name]
        if "come" in begun:
            assert places == ["INBOX"] or not sure and not places, (name, places, sure)
        elif "away" in begun:
            assert places == ["tomas"] or not sure and not places, (name, places, sure)
            assert rows[f"{name}@valley.internal"] == len(places), ("the answer of who is away", name, places, sure)
        elif "send" in begun:
            assert places == ["Sent"] or not sure and not places, (name, places, sure)
            both = [rows[f"{name}@valley.internal"], rows[f"{name}@example.org"]]
            assert both == [len(places)] * 2, ("the queue", name, both, places, sure)
        else:
            possible = [["Box"]]
            if "append" not in sure:
                possible.append([])
            if "move" in begun:
                possible = [["Shelf"]] + ([] if "move" in sure else possible)
            if "expunge" in begun:
                possible = [[]] + ([] if "expunge" in sure else possible)
            assert places in possible, (name, places, begun, sure)
            if "flag" in sure and places:
                about = where[name][0][1]
                assert "\\Flagged" in about and "$Mine" in about, (name, about)
    print(f"{sum(map(len, ok.values()))} changes were acknowledged of {sum(map(len, tried.values()))} begun; "
          f"{ {kind: sum(kind in one for one in ok.values()) for kind in ('come', 'away', 'send', 'append', 'flag', 'move', 'expunge')} }; {sum(rows.values())} rows in the queue")
    print("fine")


if __name__ == "__main__":
    {"load": load, "status": status, "check": check}[sys.argv[1]](*sys.argv[2:])
