"""Mail on its way, with a smarthost of its own, for tests/mail_queue.rs.

Prints the smarthost's port; reads a line of JSON with ports and secrets; works; prints `retry` when the queue is to be tried
again, and waits for a line; prints `fine` at the end.
"""
import email, imaplib, json, smtplib, socketserver, ssl, sys, threading, time

taken, calls = [], {"later": 0}


class Smarthost(socketserver.StreamRequestHandler):
    def handle(self):
        def say(text):
            self.wfile.write(text.encode() + b"\r\n")

        say("220 smarthost")
        to = []
        for line in iter(self.rfile.readline, b""):
            word = line.decode().strip()
            upper = word.upper()
            if upper.startswith("EHLO"):
                say("250-smarthost\r\n250 8BITMIME")
            elif upper.startswith("RCPT"):
                address = word.split("<")[1].split(">")[0]
                if address.startswith("nobody@"):
                    say("550 5.1.1 nobody")
                elif address.startswith("later@") and calls["later"] == 0:
                    calls["later"] += 1
                    say("451 4.7.1 not now")
                else:
                    to.append(address)
                    say("250 ok")
            elif upper == "DATA" and not to:
                say("503 5.5.1 to whom?")
            elif upper == "DATA":
                say("354 go on")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += self.rfile.readline()
                taken.extend((one, text) for one in to)
                to = []
                say("250 2.0.0 taken")
            elif upper.startswith("QUIT"):
                say("221 bye")
                return
            else:
                say("250 ok")


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smarthost)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
about = json.loads(sys.stdin.readline())
me = "mira@hill.internal"


def text(to, name, size=100, sender=me):
    body = "".join(f"{n:070}\r\n" for n in range(max(1, size // 72)))
    return f"From: {sender}\r\nTo: {', '.join(to)}\r\nSubject: {name}\r\nMessage-ID: <{name}@queue>\r\n\r\n{body}"


def send(to, name, **more):
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP_SSL("127.0.0.1", about["submissions"], context=tls) as client:
        client.login(me, about["mira"])
        # Without SIZE, so that nobody is refused before the message is there.
        client.ehlo()
        client.mail(me)
        said = [client.rcpt(one)[0] for one in to]
        assert all(code == 250 for code in said), said
        return client.data(text(to, name, **more))[0]


def local(to, name, size):
    with smtplib.LMTP("127.0.0.1", about["lmtp"]) as client:
        client.ehlo("queue.internal")
        client.docmd("MAIL FROM:<a@valley.internal>")
        code, said = client.docmd(f"RCPT TO:<{to}>")
        if code == 250:
            client.docmd("DATA")
            client.send(text([to], name, size, "a@valley.internal").encode() + b".\r\n")
            code, said = client.getreply()
        return code


def box(name, mailbox="INBOX"):
    client = imaplib.IMAP4("127.0.0.1", about["imap"])
    client.login(name, about[name])
    assert client.select(mailbox, readonly=True)[0] == "OK"
    found = [email.message_from_bytes(one[1]) for one in client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1] if isinstance(one, tuple)]
    client.logout()
    return found


def until(what, look):
    for _ in range(1_200):
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"waited too long: {what}")


def names(all):
    return sorted(one["Message-ID"].strip("<>").split("@")[0] for one in all if "@queue" in (one["Message-ID"] or ""))


def reports():
    return [one for one in box("mira") if one.get_content_type() == "multipart/report"]


# Out into the world; one comes back.
assert send(["far@example.org"], "far") == 250
assert send(["nobody@example.org"], "none") == 250
until("the smarthost", lambda: [to for to, _ in taken] == ["far@example.org"])
until("the report", lambda: len(reports()) == 1)
assert "nobody@example.org" in reports()[0].as_string()
# What is put off is tried again.
assert send(["later@example.org"], "later") == 250
until("the first try", lambda: calls["later"])
print("retry", flush=True)
sys.stdin.readline()
until("the second try", lambda: [to for to, _ in taken][1:] == ["later@example.org"])
# Another node: it stays.
assert send(["x@valley.internal", "juan@hill.internal"], "both") == 250
assert names(box("juan")) == ["both"]
assert names(box("mira", "Sent")) == ["both", "far", "later", "none"]

# tomas has no room.
n = 0
while local("tomas@hill.internal", f"big{n}", 300_000) == 250:
    n += 1
    assert n < 20
assert n > 0 and names(box("tomas")) == [f"big{k}" for k in range(n)]
# To him alone: nothing is kept, and nothing is in Sent as if it were.
assert send(["tomas@hill.internal"], "alone", size=300_000) == 452
assert "alone" not in names(box("mira", "Sent"))
# To him and others, who get it; the sender hears of it in the same moment.
assert send(["tomas@hill.internal", "juan@hill.internal"], "some", size=300_000) == 250
assert "some" in names(box("juan")) and "some" not in names(box("tomas")) and "some" in names(box("mira", "Sent"))
assert len(reports()) == 2 and "5.2.2" in reports()[1].as_string(), reports()[-1].as_string()

# lea is away: told once, also to messages that come together.
threads = [threading.Thread(target=send, args=(["lea@hill.internal"], f"away{n}")) for n in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert names(box("lea")) == [f"away{n}" for n in range(5)]
away = [one for one in box("mira") if one["Subject"].startswith("Re: away")]
assert len(away) == 1 and "well" in away[0].as_string(), [one["Subject"] for one in box("mira")]
print("fine", flush=True)
