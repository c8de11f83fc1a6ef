"""neomutt sends, reads, answers, moves and deletes on a node, in a terminal that nobody looks at:
imap_mutt.py IMAPS STARTTLS SUBMISSION NAME SECRET AUTHORITY FOLDER"""
import os
import pty
import select
import subprocess
import sys
import time

import imapclient

imaps, imap, submission, name, secret, authority, folder = sys.argv[1:8]
address = f"{name}@hill.internal"


def rc(address_of_server):
    path = f"{folder}/rc"
    with open(path, "w") as out:
        out.write(
            f'''set folder="{address_of_server}" spool_file="{address_of_server}INBOX" record="=Sent" postponed="=Drafts"
set imap_pass="{secret}" smtp_pass="{secret}" smtp_url="smtp://{name}@localhost:{submission}/"
set certificate_file="{authority}" ssl_ca_certificates_file="{authority}" ssl_force_tls=yes ssl_starttls=yes
set from="{address}" real_name="Mira" use_from=yes envelope_from=yes hostname=hill.internal sendmail=""
set header_cache="" message_cachedir="" history_file="" tmpdir="{folder}" sleep_time=0 wait_key=no
set confirm_append=no confirm_create=no delete=yes quit=yes move=no mark_old=no beep=no help=no
set abort_nosubject=no abort_unmodified=no fast_reply=yes include=yes auto_edit=yes pager_stop=yes
set editor="sh -c 'echo and the answer >> \\"$0\\"'" sort=date-received timeout=5 mail_check=5
'''
        )
    return path


def mutt(server, keys):
    """neomutt pressing keys; ends with the quitting that the keys ask for."""
    main, terminal = pty.openpty()
    words = ["neomutt", "-n", "-F", rc(server), "-e", f'push "{keys}<quit>"']
    environment = {"TERM": "xterm", "HOME": folder, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "COLUMNS": "100", "LINES": "30"}
    child = subprocess.Popen(words, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True)
    os.close(terminal)
    shown, until = b"", time.monotonic() + 90
    while time.monotonic() < until:
        if select.select([main], [], [], 0.2)[0]:
            try:
                piece = os.read(main, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        elif child.poll() is not None:
            break
    if child.poll() is None and time.monotonic() >= until:
        child.kill()
        raise SystemExit("neomutt did not end:\n" + shown.decode(errors="replace")[-4000:])
    assert child.wait(10) == 0, shown.decode(errors="replace")[-4000:]
    return shown.decode(errors="replace")


def send(subject, text):
    done = subprocess.run(
        ["neomutt", "-n", "-F", rc(f"imaps://{name}@localhost:{imaps}/"), "-s", subject, "--", address],
        input=text, capture_output=True, text=True, timeout=90, env={"HOME": folder, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def subjects(box):
    look.select_folder(box, readonly=True)
    got = look.fetch(look.search(), ["ENVELOPE"])
    return sorted(one[b"ENVELOPE"].subject.decode() for one in got.values())


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


look = imapclient.IMAPClient("127.0.0.1", port=int(imap), ssl=False)
look.login(name, secret)

# By SMTP with STARTTLS; the node files the copy.
for n in 1, 2, 3:
    send(f"letter {n}", f"a line of letter {n}\n")
same(subjects("INBOX"), ["letter 1", "letter 2", "letter 3"])
same(subjects("Sent"), ["letter 1", "letter 2", "letter 3"])

# Over TLS: opened, read, piped to a file, answered; the copy that neomutt files and the node's are one.
mutt(
    f"imaps://{name}@localhost:{imaps}/",
    f"<first-entry><pipe-message>cat > {folder}/read<enter><reply><send-message>",
)
with open(f"{folder}/read") as text:
    assert "a line of letter 1" in text.read()
same(subjects("Sent"), ["Re: letter 1", "letter 1", "letter 2", "letter 3"])
look.select_folder("INBOX")
answered = look.search("ANSWERED")
same(look.fetch(answered, ["ENVELOPE"])[answered[0]][b"ENVELOPE"].subject, b"letter 1")
body = look.fetch(look.search(["SUBJECT", "Re: letter 1"]), ["BODY[TEXT]"]).popitem()[1][b"BODY[TEXT]"].decode()
assert "> a line of letter 1" in body and "and the answer" in body, body
same(len(look.search(["HEADER", "References", "@hill.internal"]) or look.search(["HEADER", "In-Reply-To", "@"])), 1)

# After STARTTLS: one is moved, one deleted, one copied to a mailbox that is made for it; and to a file.
mutt(
    f"imap://{name}@localhost:{imap}/",
    f"<first-entry><save-message>=Archive<enter><delete-message>"
    f"<last-entry><copy-message>=Kept/here<enter><copy-message>{folder}/file<enter><sync-mailbox>",
)
same(subjects("Archive"), ["letter 1"])
same(subjects("Kept/here"), ["Re: letter 1"])
same(subjects("INBOX"), ["Re: letter 1", "letter 3"])
with open(f"{folder}/file") as text:
    assert "and the answer" in text.read()
print("fine")
