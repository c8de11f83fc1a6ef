"""Clients and a server of others for tests/smtp.rs: smtplib and aiosmtpd."""
import email.message, smtplib, socket, ssl, sys


def smarthost(old=False):
    from aiosmtpd.controller import Controller
    taken = []

    class Handler:
        async def handle_EHLO(self, server, session, envelope, hostname, responses):
            session.host_name = hostname
            # A server that takes neither 8-bit text nor other scripts.
            return [one for one in responses if not (old and "8BITMIME" in one)]

        async def handle_RCPT(self, server, session, envelope, address, options):
            if address.startswith("nobody@"):
                return "550 5.1.1 nobody"
            envelope.rcpt_tos.append(address)
            return "250 ok"

        async def handle_DATA(self, server, session, envelope):
            if old and not envelope.original_content.isascii():
                return "554 5.6.3 8-bit"
            for to in envelope.rcpt_tos:
                taken.append((to, envelope.original_content))
            return "250 2.0.0 taken"

    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    print(port, flush=True)
    sys.stdin.read()
    controller.stop()
    # At the end: nobody reads meanwhile, and a pipe holds little.
    for to, content in taken:
        print("to", to, repr(content), flush=True)


def message(sender, to, subject):
    text = email.message.EmailMessage()
    text["From"], text["To"], text["Subject"] = sender, to, subject
    text["Message-ID"] = "<%s@test>" % subject.replace(" ", "-")
    text.set_content("a line\n.dot\n")
    return text


def refused(code, call):
    try:
        call()
    except smtplib.SMTPRecipientsRefused as error:
        got = list(error.recipients.values())[0][0]
    except smtplib.SMTPResponseException as error:
        got = error.smtp_code
    else:
        raise SystemExit("nothing was refused: expected %d" % code)
    assert got == code, (got, code)


def clients(submission, submissions, relay, lmtp, secret):
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    me = "mira@hill.internal"
    with smtplib.SMTP("127.0.0.1", submission) as server:
        server.ehlo()
        assert not server.has_extn("auth"), "nothing is sent in the clear"
        server.starttls(context=tls)
        server.ehlo()
        for word in "pipelining 8bitmime smtputf8 enhancedstatuscodes chunking dsn size auth".split():
            assert server.has_extn(word), word
        refused(530, lambda: server.sendmail(me, [me], b"From: mira@hill.internal\r\n\r\nx"))
        server.login(me, secret)
        server.send_message(message(me, "juan@hill.internal", "first"))
        server.send_message(message("mira+tag@hill.internal", "far@example.org", "out"))
        server.send_message(message(me, "nobody@example.org", "comes back"))
        server.send_message(message(me, "kim@valley.internal", "parked"))
        server.sendmail(me, ["juan@hill.internal"], message(me, "juan@hill.internal", "told").as_bytes(policy=email.policy.SMTP),
                        rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
        refused(550, lambda: server.send_message(message("juan@hill.internal", me, "forged")))
        refused(550, lambda: server.sendmail(me, [me], b"From: juan@hill.internal\r\n\r\nforged\r\n"))
        refused(550, lambda: server.send_message(message(me, "nosuch@hill.internal", "nobody")))
    with smtplib.SMTP_SSL("127.0.0.1", submissions, context=tls) as server:
        refused(535, lambda: server.login("mira", "00000-00000-00000-00000"))
        server.login("mira", secret)
        server.send_message(message(me, me, "to myself"))
    with smtplib.SMTP("127.0.0.1", relay) as server:
        server.ehlo()
        refused(503, lambda: server.login("mira", secret)) if server.has_extn("auth") else None
        server.send_message(message("a@example.org", me, "from outside"))
        refused(550, lambda: server.send_message(message("a@example.org", "b@example.org", "relayed")))
        raw = b"From: a@example.org\r\n\r\nbare\nline"
        server.mail("a@example.org"), server.rcpt(me)
        server.putcmd("data")
        assert server.getreply()[0] == 354
        server.send(raw + b"\r\n.\r\n")
        code, text = server.getreply()
        assert code == 550 and b"bare LF" in text, (code, text)
    with smtplib.LMTP("127.0.0.1", lmtp) as server:
# smtplib hears one reply only, so each recipient has a message of its own.
        for to in me, "juan@hill.internal":
            server.sendmail("a@example.org", [to], b"From: a@example.org\r\nSubject: lmtp\r\n\r\nx\r\n")


def wide(submissions, secret, to):
    """Sends what only some servers take: 8-bit text, an attachment of some size, a header in UTF-8."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    me = b"mira@hill.internal"
    text = "우물은 깊다\r\n.점\r\n".encode()
    parts = (b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text +
             b"\r\n--b\r\nContent-Type: text/plain; charset=utf-8; name=long.txt\r\n\r\n" + b"long line\r\n" * 60000 + b"--b--\r\n")
    head = b"From: %s\r\nContent-Type: multipart/mixed; boundary=b\r\nMIME-Version: 1.0\r\n" % me
    with smtplib.SMTP_SSL("127.0.0.1", submissions, context=tls) as server:
        server.login("mira", secret)
        send = lambda head, body, *options: server.sendmail(me.decode(), [to], head + b"\r\n" + body, mail_options=["BODY=8BITMIME", *options])
        send(head + b"Subject: wide\r\n", parts)
        send(b"From: %s\r\nSubject: bare\r\n" % me, text)
        send(b"From: %s\r\nSubject: %s\r\n" % (me, "우물".encode()), b"x\r\n", "SMTPUTF8")


def fetch(imaps, secret):
    import imaplib
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with imaplib.IMAP4_SSL("127.0.0.1", imaps, ssl_context=tls) as server:
        server.login("kim", secret)
        server.select("INBOX")
        for one in server.search(None, "ALL")[1][0].split():
            received(server.fetch(one, "(BODY.PEEK[])")[1][0][1])


def received(raw):
    """What a message that wide() sent has become."""
    import email.policy
    message = email.message_from_bytes(raw, policy=email.policy.default)
    bodies = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    assert message["date"] and message["message-id"], raw[:500]
    subject = [line[9:] for line in raw.decode().splitlines() if line.startswith("Subject: ")][0]
    print("received", subject, raw.isascii(), bodies[0], len(bodies[-1]), flush=True)


if sys.argv[1] == "smarthost":
    smarthost()
elif sys.argv[1] == "old":
    smarthost(old=True)
elif sys.argv[1] == "wide":
    wide(int(sys.argv[2]), sys.argv[3], sys.argv[4])
elif sys.argv[1] == "fetch":
    fetch(int(sys.argv[2]), sys.argv[3])
elif sys.argv[1] == "received":
    import ast
    for line in sys.stdin:
        received(ast.literal_eval(line.split(" ", 2)[2]))
else:
    import email.policy
    clients(*(int(port) for port in sys.argv[2:6]), sys.argv[6])
