"""Shared mailboxes and archives of lists by IMAP: imap_shared.py PORT NAME SECRET NAME SECRET

The first person manages the shared mailbox `help` and owns the list `friends`, the second one is a member of nothing yet;
the group `desk` has nobody."""
import imaplib
import re
import socket
import sys

import imapclient
from imapclient.exceptions import IMAPClientError

port = int(sys.argv[1])
mira, tomas = (sys.argv[2], sys.argv[3]), (sys.argv[4], sys.argv[5])
HELP = "Shared/help"


def opens_to_read(client, name):
    """The library takes it for a fault that a mailbox can only be read, when it is open already."""
    try:
        client.select_folder(name)
    except imaplib.IMAP4.readonly:
        client._imap.is_readonly = True
        return
    raise AssertionError(f"{name} may be changed")


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def holds(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def message(n):
    return f"From: jo@example.org\r\nTo: help@hill.internal\r\nSubject: question {n}\r\nMessage-ID: <q{n}@x>\r\n\r\nhow? {n}\r\n".encode()


class Raw:
    """One connection, line by line."""

    def __init__(self, who):
        self.file = socket.create_connection(("127.0.0.1", port), timeout=60).makefile("rwb")
        self.file.readline()
        self.count = 0
        holds(self(f"LOGIN {who[0]} {who[1]}"), "OK")

    def line(self):
        return self.file.readline().decode()

    def send(self, text):
        self.file.write(text.encode() + b"\r\n")
        self.file.flush()

    def __call__(self, command):
        """All that is said up to the end of a command, or of the connection."""
        self.count += 1
        tag = f"t{self.count}"
        self.send(f"{tag} {command}")
        said = ""
        while True:
            line = self.line()
            if not line:
                return said + "(end)"
            said += line
            if line.startswith("+ ") and "{" in command:
                self.send(command.partition("\0")[2])
            if line.startswith(tag + " "):
                return said


def client(who):
    one = imapclient.IMAPClient("127.0.0.1", port=port, ssl=False)
    one.login(*who)
    return one


def refused(text, call):
    try:
        said = call()
    except IMAPClientError as error:
        holds(str(error), *([text] if isinstance(text, str) else text))
        return
    raise SystemExit(f"not refused: {said!r}")


one, other = client(mira), client(tomas)
assert one.has_capability("ACL") and one.has_capability("RIGHTS=kxte")
same(one.namespace().shared, (("Shared/", "/"),))
names = {name: flags for flags, _, name in one.list_folders()}
same(names[HELP + "/Sent"], (b"\\HasNoChildren",))
holds(names, HELP, "Shared/friends", "Shared/friends/Held", "INBOX")
same(names["Shared"], (b"\\NonExistent", b"\\HasChildren"))
same(one.find_special_folder(b"\\Sent"), "Sent")

# Who manages may do everything; a shared mailbox has no quota of the person's.
same(one.select_folder(HELP)[b"READ-WRITE"], True)
one.append(HELP, message(1))
one.append("INBOX", message(2))
one.select_folder("INBOX")
one.copy(one.search(["HEADER", "Message-ID", "<q2@x>"]), HELP)
one.create_folder(HELP + "/Later")
one.rename_folder(HELP + "/Later", HELP + "/Some day")
same(one.folder_exists(HELP + "/Some day"), True)
refused("stays with whom", lambda: one.rename_folder(HELP + "/Some day", "Mine"))
refused("names that begin with Shared", lambda: one.create_folder("Shared/mine"))
one.delete_folder(HELP + "/Some day")
refused("INBOX can't be deleted", lambda: one.delete_folder(HELP))
raw = Raw(mira)
holds(raw(f"GETQUOTAROOT {HELP}/Sent"), f"* QUOTAROOT {HELP}/Sent {HELP}\r\n", f"* QUOTA {HELP} ()\r\n")
holds(raw("GETQUOTAROOT INBOX"), '* QUOTAROOT INBOX ""\r\n', "STORAGE")
holds(raw(f"MYRIGHTS {HELP}"), f"* MYRIGHTS {HELP} lrswipkxteacd\r\n")
holds(raw("MYRIGHTS INBOX"), "* MYRIGHTS INBOX lrswipkxteacd\r\n")
holds(raw(f"LISTRIGHTS {HELP} tomas"), f'* LISTRIGHTS {HELP} tomas "" lr swipted kxac\r\n')
holds(raw("LISTRIGHTS INBOX tomas"), '* LISTRIGHTS INBOX tomas ""\r\n')
holds(raw("GETACL INBOX"), "* ACL INBOX mira lrswipkxteacd\r\n")
holds(raw("SETACL INBOX tomas lr"), "NO [CANNOT]", "ask an operator")
holds(raw(f"SELECT {HELP}/inbox"), "NO [NONEXISTENT]")

# A stranger is told the same as of a mailbox that there is not, whatever they try.
same({name for _, _, name in other.list_folders() if name.startswith("Shared")}, set())
stranger = Raw(tomas)
for command in (
    "SELECT {}", "EXAMINE {}", "STATUS {} (MESSAGES)", "SUBSCRIBE {}", "DELETE {}", "RENAME {} x", "RENAME INBOX {}",
    "CREATE {}/x", "CREATE {}", "MYRIGHTS {}", "GETACL {}", "LISTRIGHTS {} mira", "SETACL {} tomas lr", "DELETEACL {} mira",
    "GETQUOTAROOT {}", "GETQUOTA {}", "GETMETADATA {} /shared/comment", "SETMETADATA {} (/private/x NIL)",
    "APPEND {} {{3+}}\r\nabc", 'LIST "" {}', 'LIST "" {}/*', 'LSUB "" {}*', "UNSUBSCRIBE {}",
):
    got = [
        re.sub(r"t\d+ ", "", stranger(command.format(name))).replace(name, "NAME") for name in (HELP, "Shared/nobody")
    ]
    same(got[0], got[1])
    assert command.split()[0] in ("LIST", "LSUB", "UNSUBSCRIBE") or "NO " in got[0], (command, got)

# Somebody who reads.
one.setacl(HELP, "tomas", "lr")
same(sorted(one.getacl(HELP)), [(b"mira", b"lrswipkxteacd"), (b"tomas", b"lr")])
opens_to_read(other, HELP)
holds(stranger(f"SELECT {HELP}"), "* OK [PERMANENTFLAGS ()]", "* 2 EXISTS\r\n", "OK [READ-ONLY]")
same(other.fetch([1], ["BODY[]", "FLAGS"])[1][b"BODY[]"], message(1))
same(other.get_flags([1])[1], ())
for right, call in (
    ("s", lambda: other.add_flags([1], [b"\\Seen"])),
    ("w", lambda: other.add_flags([1], [b"\\Flagged"])),
    ("t", lambda: other.add_flags([1], [b"\\Deleted"])),
    ("s", lambda: other.set_flags([1], [])),
    ("e", lambda: other.expunge()),
    ("t", lambda: other.move([1], "INBOX")),
    ("i", lambda: other.append(HELP, message(3))),
    ("k", lambda: other.create_folder(HELP + "/x")),
    ("x", lambda: other.delete_folder(HELP + "/Sent")),
    ("x", lambda: other.rename_folder(HELP + "/Sent", HELP + "/x")),
    ("a", lambda: other.getacl(HELP)),
    ("a", lambda: other.setacl(HELP, "tomas", "lrswipte")),
):
    refused(("NOPERM", f"right `{right}`", HELP), call)
other.copy([1], "INBOX")
same(other.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"], 1)
same(other.folder_status(HELP, ["MESSAGES", "UNSEEN"]), {b"MESSAGES": 2, b"UNSEEN": 2})
holds(stranger(f"MYRIGHTS {HELP}"), f"* MYRIGHTS {HELP} lr\r\n")
holds(stranger(f'LIST "" {HELP} RETURN (MYRIGHTS STATUS (MESSAGES))'), f"* MYRIGHTS {HELP} lr\r\n", f"* STATUS {HELP} (MESSAGES 2)")

# What is private lies with each, what is shared is for all; only who may write changes it.
raw(f'SETMETADATA {HELP} (/shared/comment "be kind" /private/comment "mine")')
said = stranger(f"GETMETADATA {HELP} (/shared/comment /private/comment)")
holds(said, '/shared/comment "be kind"', "/private/comment NIL")
holds(stranger(f'SETMETADATA {HELP} (/shared/comment "no")'), "NO [NOPERM]", "right `w`")
holds(stranger(f'SETMETADATA {HELP} (/private/comment "also")'), "OK")
holds(raw(f"GETMETADATA {HELP} (/private/comment)"), '"mine"')

# Everybody decides what their own programs show.
other.unsubscribe_folder(HELP)
same(HELP in {name for _, _, name in other.list_sub_folders()}, False)
same(HELP in {name for _, _, name in one.list_sub_folders()}, True)
other.subscribe_folder(HELP)
same(HELP in {name for _, _, name in other.list_sub_folders()}, True)

# Rights go together, and people are named.
for code, who, rights in (
    ("NO [CANNOT] rights go together", "tomas", "lrs"),
    ("BAD", "tomas", "lrq"),
    ("NO [CANNOT]", "anyone", "lr"),
    ("NO [CANNOT]", "-tomas", "lr"),
    ("NO [CANNOT] there is nobody", "nosuch", "lr"),
    ("NO [CANNOT] somebody must manage", "mira", "lr"),
):
    holds(raw(f"SETACL {HELP} {who} {rights}"), code)
holds(raw(f"DELETEACL {HELP} mira"), "NO [CANNOT] somebody must manage")
holds(raw(f"SETACL {HELP} group:desk lrswipd"), "OK")
holds(raw(f"GETACL {HELP}"), "group:desk lrswipted", "mira lrswipkxteacd", "tomas lr")
holds(raw(f"DELETEACL {HELP} group:desk"), "OK")

# A higher level counts at once, also where the mailbox is open; \Seen is the same for everybody.
one.setacl(HELP, "tomas@hill.internal", "+swipte")
holds(str(other.fetch([1], ["FLAGS"])), "FLAGS")
other.add_flags([1], [b"\\Seen", b"$Done"])
one.select_folder(HELP)
holds(one.get_flags([1])[1], b"\\Seen", b"$Done")
same(b"READ-WRITE" in other.select_folder(HELP), True)
other.move([2], "INBOX")
same(other.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"], 2)
other.append(HELP, message(3), flags=[b"\\Seen"])
refused("right `k`", lambda: other.create_folder(HELP + "/x"))
other.add_flags(other.search("HEADER Message-ID <q3@x>"), [b"\\Deleted"])
other.expunge()
same(one.folder_status(HELP, ["MESSAGES"])[b"MESSAGES"], 1)

# IDLE hears what others do there.
other.idle()
one.append(HELP, message(4))
heard = other.idle_check(timeout=60)
other.idle_done()
assert (2, b"EXISTS") in heard, heard

# Somebody is removed who has the mailbox open: reading it ends, idle or not, and nothing is told any more.
reads, idles, elsewhere = Raw(tomas), Raw(tomas), Raw(tomas)
for open_one in reads, idles, elsewhere:
    holds(open_one(f"SELECT {HELP}"), "OK [READ-WRITE]")
idles.send("i IDLE")
holds(idles.line(), "+ ")
same(one._imap.deleteacl(HELP, "tomas")[0], "OK")
one.append(HELP, message(5))
said = idles.line() + idles.line()
assert said.startswith("* BYE you may not read") and "EXISTS" not in said, said
said = reads("UID FETCH 1:* (BODY[])")
assert said.startswith("* BYE you may not read") and said.endswith("(end)") and "FETCH" not in said, said
said = elsewhere("NOOP")
assert "* BYE you may not read" in said and "EXISTS" not in said, said
same({name for _, _, name in client(tomas).list_folders() if name.startswith("Shared")}, set())

# The archive of a list is read, and nothing is changed there; what waits is for moderators only.
opens_to_read(one, "Shared/friends")
holds(raw("MYRIGHTS Shared/friends/Held"), "* MYRIGHTS Shared/friends/Held lr\r\n")
refused(("NOPERM", "right `i`"), lambda: one.append("Shared/friends", message(6)))
same("Shared/friends" in {name for _, _, name in one.list_sub_folders()}, False)
one.logout()
print("fine")
