"""Two Maildirs kept the same through a node by mbsync: imap_mbsync.py PORT NAME SECRET FOLDER MESSAGES"""
import os
import subprocess
import sys

port, name, secret, root, count = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])

CONFIG = """SyncState {d}/state/

IMAPAccount node
Host 127.0.0.1
Port {port}
User {name}
Pass {secret}
SSLType None
AuthMechs LOGIN
Timeout 600

IMAPStore far
Account node

MaildirStore near
Path {d}/mail/
Inbox {d}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX Box
Create Both
Expunge Both
Sync All
"""


def prepare(which):
    d = f"{root}/{which}"
    os.makedirs(f"{d}/mail")
    os.makedirs(f"{d}/state")
    with open(f"{d}/rc", "w") as out:
        out.write(CONFIG.format(d=d, port=port, name=name, secret=secret))
    return d


def sync(d):
    done = subprocess.run(["mbsync", "-c", f"{d}/rc", "-a"], capture_output=True, text=True)
    said = done.stdout + done.stderr
    print(said)
    assert done.returncode == 0, said
    odd = [line for line in said.splitlines() if not any(known in line for known in ("Password is being sent", "Maildir notice"))]
    assert not "".join(odd).strip(), odd


def files(d):
    return [f"{d}/mail/Box/{sub}/{file}" for sub in ("cur", "new") for file in os.listdir(f"{d}/mail/Box/{sub}")]


def ids(d):
    out = []
    for file in files(d):
        with open(file) as text:
            out.append(text.read().split("Message-ID: ")[1].split("\n")[0])
    return sorted(out)


def flagged(d):
    return sorted(file.split("/")[-1].count("F") for file in files(d) if "F" in file.split(":2,")[-1])


one, other = prepare("one"), prepare("other")
for sub in ("cur", "new", "tmp"):
    os.makedirs(f"{one}/mail/Box/{sub}")
for n in range(count):
    flags = "S" if n % 2 else ""
    with open(f"{one}/mail/Box/cur/{1700000000 + n}.M{n}P1.h:2,{flags}", "w") as out:
        out.write(f"From: a{n}@x\nTo: b@x\nSubject: message {n}\nMessage-ID: <s{n}@x>\n\nbody {n}\n" + "a line of text\n" * 20)
sync(one)
sync(other)
wanted = sorted(f"<s{n}@x>" for n in range(count))
assert ids(one) == wanted and ids(other) == wanted, (len(ids(one)), len(ids(other)))

# Both sides change: one deletes a tenth, the other flags another tenth.
for file in sorted(files(one))[: count // 10]:
    os.remove(file)
for file in sorted(files(other), key=lambda file: ids and open(file).read().split("Message-ID: ")[1])[-(count // 10) :]:
    os.rename(file, file.rsplit(":2,", 1)[0] + ":2,F" + file.rsplit(":2,", 1)[1])
sync(one)
sync(other)
sync(one)
assert ids(one) == ids(other) and len(ids(one)) == count - count // 10, (len(ids(one)), len(ids(other)))
assert flagged(one) == flagged(other) and len(flagged(one)) > 0
# Nothing is left to do.
before = sorted(files(one))
sync(one)
assert sorted(files(one)) == before
print("fine")
