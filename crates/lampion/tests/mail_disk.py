"""Mail programs and a disk that is full, for tests/disk_full.rs.

mail_disk.py before|full|after FACTS LMTP SUBMISSIONS IMAP SECRET

FACTS holds what was acknowledged so far: mailbox, Message-ID and SHA-256 of the body.
"""
import email, hashlib, imaplib, json, os, smtplib, ssl, sys, time

what, path, lmtp, submissions, port, secret = sys.argv[1:]
kept = json.load(open(path)) if os.path.exists(path) else []
number = len(kept) + int(time.time() * 1000) * 1000


def message(size):
    """Its name, its bytes, and what its body is known by. The body can't be packed."""
    global number
    number += 1
    name = f"d{number}"
    body = "".join(os.urandom(36).hex() + "\r\n" for _ in range(max(1, size // 74)))
    text = f"From: mira@hill.internal\r\nTo: mira@hill.internal\r\nMessage-ID: <{name}@disk>\r\nSubject: {name}\r\n\r\n{body}"
    return name, text.encode(), hashlib.sha256(body.encode()).hexdigest()


def by_lmtp(size):
    name, text, known = message(size)
    with smtplib.LMTP("127.0.0.1", int(lmtp)) as server:
        server.ehlo("disk.internal")
        server.docmd("MAIL FROM:<a@valley.internal>")
        code, said = server.docmd("RCPT TO:<mira@hill.internal>")
        if code == 250:
            code, said = server.docmd("DATA")
            assert code == 354, said
            server.send(text + b".\r\n")
            code, said = server.getreply()
    return code, said.decode(), ("INBOX", name, known)


def by_bdat(size):
    name, text, known = message(size)
    with smtplib.LMTP("127.0.0.1", int(lmtp)) as server:
        server.ehlo("disk.internal")
        server.docmd("MAIL FROM:<a@valley.internal>")
        code, said = server.docmd("RCPT TO:<mira@hill.internal>")
        half = len(text) // 2
        for piece, last in ((text[:half], ""), (text[half:], " LAST")):
            if code == 250:
                server.send(f"BDAT {len(piece)}{last}\r\n".encode() + piece)
                code, said = server.getreply()
    return code, said.decode(), ("INBOX", name, known)


def by_submission(size):
    name, text, known = message(size)
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP_SSL("127.0.0.1", int(submissions), context=tls) as server:
        server.login("mira@hill.internal", secret)
        try:
            server.sendmail("mira@hill.internal", ["mira@hill.internal"], text)
            code, said = 250, b""
        except smtplib.SMTPResponseException as error:
            code, said = error.smtp_code, error.smtp_error
        except smtplib.SMTPRecipientsRefused as error:
            code, said = list(error.recipients.values())[0]
    return code, said.decode(), ("INBOX", name, known)


def by_append(size):
    name, text, known = message(size)
    client = imap()
    kind, said = client.append("Drafts", None, None, text)
    client.logout()
    return (250 if kind == "OK" else kind), said[0].decode(), ("Drafts", name, known)


def imap():
    client = imaplib.IMAP4("127.0.0.1", int(port))
    client.login("mira", secret)
    return client


WAYS = [by_lmtp, by_bdat, by_submission, by_append]
if what == "full":
    for way in WAYS:
        # Some short ones may still fit where the database has room; long ones can't.
        for size in (300_000, 3_000, 40_000) + (20_000,) * 2_000:
            code, said, fact = way(size)
            if code == 250:
                kept.append(fact)
                continue
            if way is by_append:
                assert code == "NO" and "no space left" in said, (way, code, said)
            else:
                assert code == 452 and "4.3.1" in said and "no space left" in said, (way, code, said)
            if size == 20_000:
                break
        else:
            raise SystemExit(f"{way}: the disk is never full")
        print(way.__name__, code, said)
else:
    for way in WAYS:
        for size in (300_000, 3_000):
            code, said, fact = way(size)
            assert code == 250, (way, code, said)
            kept.append(fact)
json.dump(kept, open(path, "w"))

client = imap()
found = []
for box in ("INBOX", "Drafts", "Sent"):
    assert client.select(box, readonly=True)[0] == "OK"
    kind, all = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
    assert kind == "OK", all
    for one in all:
        if isinstance(one, tuple):
            name = email.message_from_bytes(one[1])["Message-ID"].strip("<>").split("@")[0]
            body = one[1].split(b"\r\n\r\n", 1)[1]
            found.append((box, name, hashlib.sha256(body).hexdigest()))
for fact in kept:
    assert found.count(tuple(fact)) == 1, (fact, found.count(tuple(fact)))
# What was refused is nowhere.
names = {name for _, name, _ in kept}
assert {name for _, name, _ in found} == names, {name for _, name, _ in found} - names
print(len(kept), "messages are there once")
print("fine")
