"""imaplib and imapclient against a node: imap_clients.py PLAIN_PORT TLS_PORT NAME SECRET"""
import imaplib
import ssl
import sys

import imapclient

plain, tls, name, secret = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
trusting = ssl.create_default_context()
trusting.check_hostname = False
trusting.verify_mode = ssl.CERT_NONE

MESSAGE = (
    "From: Mira Vale <mira@hill.internal>\r\nTo: tom@hill.internal\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= {n}\r\n"
    "Date: Wed, 17 Jul 1996 02:23:25 -0700\r\nMessage-ID: <m{n}@x>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8gd8O2cmxkIQ==\r\n--q\r\nContent-Type: text/html\r\n\r\n<b>bold</b> move\r\n--q--\r\n"
)


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


# A wrong password is refused, a right one taken; over TLS and after STARTTLS.
bad = imaplib.IMAP4("127.0.0.1", plain)
try:
    bad.login(name, "wrong")
    raise SystemExit("a wrong password was taken")
except imaplib.IMAP4.error as error:
    assert "AUTHENTICATIONFAILED" in str(error), error
started = imaplib.IMAP4("127.0.0.1", plain)
started.starttls(trusting)
same(started.authenticate("PLAIN", lambda _: f"\0{name}@hill.internal\0{secret}".encode())[0], "OK")
assert "XCHATMAIL" not in started.capability()[1][0].decode()

one = imapclient.IMAPClient("127.0.0.1", port=tls, ssl=True, ssl_context=trusting)
one.login(name, secret)
for capability in (b"IDLE", b"UIDPLUS", b"MOVE", b"CONDSTORE", b"QRESYNC", b"ESEARCH", b"SPECIAL-USE", b"COMPRESS=DEFLATE"):
    assert one.has_capability(capability), capability
same({folder[2] for folder in one.list_folders()}, {"INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"})
same(one.find_special_folder(b"\\Sent"), "Sent")
one.select_folder("INBOX")
for n in range(1, 6):
    said = one.append("INBOX", MESSAGE.format(n=n), flags=["\\Seen", "work"] if n % 2 else [])
    assert b"APPENDUID" in said, said
same(one.search(), [1, 2, 3, 4, 5])
same(one.search("UNSEEN"), [2, 4])
same(one.search(["TEXT", "wörld"], charset="UTF-8"), [1, 2, 3, 4, 5])
same(one.search(["SUBJECT", "GRÜ"], charset="UTF-8"), [1, 2, 3, 4, 5])
same(one.search(["HEADER", "Message-ID", "m3@"]), [3])
same(one.search(["NOT", "KEYWORD", "work"]), [2, 4])
same(one.sort("REVERSE ARRIVAL"), [5, 4, 3, 2, 1])
same(one.thread(), ((1,), (2,), (3,), (4,), (5,)))

got = one.fetch([2], ["ENVELOPE", "BODYSTRUCTURE", "RFC822.SIZE", "BODY.PEEK[1]", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]", "FLAGS"])[2]
same(got[b"ENVELOPE"].subject, b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= 2")
same(got[b"ENVELOPE"].from_[0].mailbox, b"mira")
same(got[b"RFC822.SIZE"], len(MESSAGE.format(n=2)))
same(got[b"BODY[1]"], b"SGVsbG8gd8O2cmxkIQ==")
same(got[b"BODY[HEADER.FIELDS (SUBJECT)]"], b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= 2\r\n\r\n")
assert got[b"BODYSTRUCTURE"].is_multipart
same(one.fetch([2], ["BODY[]"])[2][b"BODY[]"].decode(), MESSAGE.format(n=2))
# \Recent, since this session was told of it first.
same(set(one.get_flags([2])[2]), {b"\\Seen", b"\\Recent"})

# Another session takes messages away: numbers stay while they must, and change when they may.
other = imaplib.IMAP4_SSL("127.0.0.1", tls, ssl_context=trusting)
other.login(name, secret)
other.select("INBOX")
one.set_flags([1, 2], [b"\\Deleted"])
one.expunge()
said = other.fetch("1:*", "(UID)")[1]
same(len(said), 5)
same(other.untagged_responses.get("EXPUNGE"), None)
other.noop()
same(other.response("EXPUNGE")[1], [b"2", b"1"])
same(other.fetch("1:*", "(UID)")[1], [b"1 (UID 3)", b"2 (UID 4)", b"3 (UID 5)"])

# Idle hears of a message.
one.idle()
other.append("INBOX", "", None, MESSAGE.format(n=6).encode())
heard = one.idle_check(timeout=30)
one.idle_done()
assert (4, b"EXISTS") in heard, heard

# Folders with letters of all scripts; move; rename; delete.
one.create_folder("Почта/внутри")
one.move([3], "Почта/внутри")
same(one.folder_status("Почта/внутри", ["MESSAGES"])[b"MESSAGES"], 1)
one.rename_folder("Почта", "Gelöscht")
same(one.folder_exists("Gelöscht/внутри"), True)
one.delete_folder("Gelöscht/внутри")
one.delete_folder("Gelöscht")
same(one.search(), [4, 5, 6])
quota = one.get_quota("INBOX")
same(quota[0].resource, "STORAGE")
one.logout()
other.logout()
started.logout()
print("fine")
