"""A Maildir kept the same as a node's mailboxes by offlineimap: imap_offlineimap.py PORT NAME SECRET FOLDER MESSAGES"""
import os
import subprocess
import sys

import imapclient

port, name, secret, root, count = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])

with open(f"{root}/rc", "w") as out:
    out.write(
        f"""[general]
accounts = node
metadata = {root}/meta
maxsyncaccounts = 1
socktimeout = 120

[Account node]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {root}/mail
sync_deletes = yes

[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {name}
remotepass = {secret}
ssl = no
starttls = no
auth_mechanisms = PLAIN
maxconnections = 2
folderfilter = lambda folder: folder in ('INBOX', 'Box')
"""
    )


def sync():
    done = subprocess.run(["offlineimap", "-c", f"{root}/rc", "-o", "-u", "basic"], capture_output=True, text=True, timeout=400, env={**os.environ, "HOME": root})
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "ERROR" not in said, said[-6000:]
    return said


def near():
    """Message-ID to flags."""
    found = {}
    for sub in ("cur", "new"):
        for file in os.listdir(f"{root}/mail/Box/{sub}"):
            with open(f"{root}/mail/Box/{sub}/{file}") as text:
                key = text.read().split("Message-ID: ")[1].split("\n")[0].strip()
            assert key not in found, f"{key} is there twice"
            found[key] = "".join(flag for flag in file.partition(":2,")[2] if flag in "FRS")
    return found


def far():
    look.select_folder("Box", readonly=True)
    got = look.fetch(look.search(), ["FLAGS", "ENVELOPE"])
    letters = {b"\\Flagged": "F", b"\\Answered": "R", b"\\Seen": "S"}
    return {
        one[b"ENVELOPE"].message_id.decode(): "".join(sorted(letters[flag] for flag in one[b"FLAGS"] if flag in letters))
        for one in got.values()
    }


def equal(size):
    a, b = near(), far()
    assert a == b and len(a) == size, (len(a), len(b), size, list(a.items() ^ b.items())[:5])


look = imapclient.IMAPClient("127.0.0.1", port=int(port), ssl=False)
look.login(name, secret)
# Half of the messages are on each side at first.
for sub in ("cur", "new", "tmp"):
    os.makedirs(f"{root}/mail/Box/{sub}")
look.create_folder("Box")


def text(n):
    return f"From: a{n}@x\nTo: b@x\nSubject: message {n}\nMessage-ID: <o{n}@x>\n\nbody {n}\n" + "a line of text\n" * 20


for n in range(count // 2):
    with open(f"{root}/mail/Box/cur/{1700000000 + n}.M{n}P1.h:2,{'S' if n % 2 else ''}", "w") as out:
        out.write(text(n))
look.multiappend("Box", [{"msg": text(n).replace("\n", "\r\n").encode(), "flags": ["\\Flagged"] if n % 3 == 0 else []} for n in range(count // 2, count)])
sync()
equal(count)

# Both sides delete a tenth and change flags.
files = sorted(os.listdir(f"{root}/mail/Box/cur"))
for file in files[: count // 10]:
    os.remove(f"{root}/mail/Box/cur/{file}")
for file in files[-(count // 10) :]:
    base, _, flags = file.partition(":2,")
    os.rename(f"{root}/mail/Box/cur/{file}", f"{root}/mail/Box/cur/{base}:2,{''.join(sorted(set(flags) | set('RS')))}")
gone = {text_id for text_id in far()} - set(near())
look.select_folder("Box")
rest = [uid for uid, one in look.fetch(look.search(), ["ENVELOPE"]).items() if one[b"ENVELOPE"].message_id.decode() not in gone]
look.delete_messages(rest[: count // 10])
look.expunge()
look.add_flags(rest[count // 10 : count // 5], [b"\\Flagged"])
sync()
sync()
equal(count - 2 * (count // 10))
before = near()
sync()
assert near() == before
print("fine")
