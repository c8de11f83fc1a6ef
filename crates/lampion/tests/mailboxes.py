"""Another program that reads and writes mail: Python's own `mailbox`.

    mailboxes.py make FOLDER    makes a Maildir with folders and flags, and an mbox
    mailboxes.py read FOLDER    tells what a Maildir (or, with *.mbox, a folder of such) holds, as JSON
    mailboxes.py untar FILE FOLDER
"""
import json, mailbox, os, sys, tarfile, hashlib

def message(number, body):
    return (f"From: Ada <ada@example.org>\nTo: mira@hill.internal\nSubject: letter {number}\n"
            f"Message-ID: <{number}@example.org>\n\n{body}").encode()

BODIES = [
    "plain\n", "From the hill\n>From quoted\n>>From twice\n", "no end", "\n\n\n", "bytes \x00\x01 and ü\n",
    "long\n" + "x" * 200000 + "\n",
]

def make(folder):
    box = mailbox.Maildir(os.path.join(folder, "Maildir"), create=True)
    number = 0
    for name, flags in [("", "S"), ("Sent", "RS"), ("Lists.rust", "F"), ("&ycDF1A-", "DS"), ("Empty", "")]:
        sub = box.add_folder(name) if name else box
        if name == "Empty":
            continue
        for body in BODIES:
            number += 1
            one = mailbox.MaildirMessage(message(number, body))
            # The class would write its own bytes: what is kept must be what was given.
            one.set_subdir("cur")
            one.set_flags(flags if number % 3 else "")
            one.set_date(1_600_000_000 + number)
            key = sub.add(one)
            path = os.path.join(sub._path, sub._lookup(key))
            open(path, "wb").write(message(number, body))
            os.utime(path, (1_600_000_000 + number,) * 2)
    mbox = mailbox.mbox(os.path.join(folder, "old.mbox"), create=True)
    for body in BODIES:
        number += 1
        one = mailbox.mboxMessage(message(number, body))
        one.set_from("ada@example.org", (2020, 9, 13, 12, 26, 40, 6, 257, 0))
        one.set_flags("RO" if number % 2 else "ROA")
        mbox.add(one)
    mbox.flush()

def read(folder):
    out = {}
    def add(name, raw, flags, when):
        out.setdefault(name, []).append([hashlib.sha256(raw).hexdigest(), "".join(sorted(flags)), when, len(raw)])
    files = [name for name in sorted(os.listdir(folder)) if name.endswith(".mbox")]
    if files:
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                box = mailbox.mbox(path)
                rel = os.path.relpath(path, folder)[:-5]
                out[rel] = []
                for key in box.keys():
                    one = box[key]
                    out[rel].append([one["Message-ID"], one.get_flags(), one.get_from()])
    else:
        box = mailbox.Maildir(folder, create=False)
        for name in [""] + sorted(box.list_folders()):
            sub = box.get_folder(name) if name else box
            out.setdefault(name, [])
            for key in sub.keys():
                path = os.path.join(sub._path, sub._lookup(key))
                flags = sub.get_message(key).get_flags()
                add(name, open(path, "rb").read(), flags, int(os.stat(path).st_mtime))
        for all in out.values():
            all.sort()
    print(json.dumps(out, sort_keys=True))

if sys.argv[1] == "make":
    make(sys.argv[2])
elif sys.argv[1] == "read":
    read(sys.argv[2])
elif sys.argv[1] == "untar":
    with tarfile.open(sys.argv[2]) as archive:
        archive.extractall(sys.argv[3])
