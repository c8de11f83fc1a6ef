setup-title = Mail programs
setup-intro = Each device gets a password of its own, which you can revoke without touching the others. Say what the device is called:
setup-device = Device or program
setup-device-hint = Such as “phone” or “Thunderbird at work”.
setup-device-empty = Say what the device is called.
setup-too-many = You have { $shown } passwords for devices already: revoke one that you don't use any more.
setup-make = Make a password
setup-made = Password for { $s }
setup-once = It is shown this once. Copy it into the mail program, or scan the code; you never need to know it by heart.
setup-scan = In Delta Chat choose to use another server and then to scan a code; scan this one. On this device, tap it.
setup-code = QR code for Delta Chat
setup-profile = Get the profile with this password
setup-profile-plain = Profile without a password
setup-profile-why = The profile brings the account, the password and this node's certificate.
setup-off = This node doesn't listen for mail programs now. Ask who keeps it.
setup-servers = Settings
setup-address = Mail address
setup-user = User name
setup-password = Password
setup-password-is = the one made here for the device; never the one that you sign in with
setup-host = Server
setup-port = Port
setup-security = Security
setup-incoming = Incoming
setup-outgoing = Outgoing
setup-first = If several are listed, the first is best.
setup-trust = The node's certificate is its own: programs ask about it until the device trusts the node.
setup-trust-link = How to trust it
setup-programs = Step by step
setup-thunderbird = Choose to add a mail account, and give your name, { $s } and the password from above. If Thunderbird doesn't find the settings by itself, choose to configure by hand and copy the table. If it warns of the certificate, compare the fingerprint and confirm.
setup-apple = Open this page on the device, make a password and get the profile. Then install it: on an iPhone or iPad in Settings, General, VPN & Device Management; on a Mac in System Settings, Device Management. On an iPhone or iPad, last turn the certificate on in Settings, General, About, Certificate Trust Settings.
setup-android = Give the address and the password, choose IMAP and configuring by hand, and copy the table. When the program shows the certificate, compare the fingerprint and accept.
setup-outlook = Trust the node's certificate in Windows first. Then add an account, choose to set it up by hand, choose IMAP, and copy the table.
setup-delta = Make a password above and scan the code: there is nothing to type. To see also mail of ordinary programs, switch off in the account's settings that only encrypted messages are shown.
setup-delta-ascii = Delta Chat takes addresses in Latin letters only. Ask who keeps this node for a second address.
setup-mutt = Save the node's certificate as lampion-ca.crt in your home folder, and put this into ~/.muttrc:
setup-devices = Devices
setup-no-devices = None yet.
setup-never-used = never used
setup-used = last used { $s }
setup-revoke = Revoke
setup-keep = What programs delete
setup-keep-why = Some programs delete messages from the server as soon as they have fetched them. The node can keep these for a while, where only you find them: in “Kept” in the browser.
setup-keep-days = Keep deleted messages
setup-keep-not = not at all
setup-days = { $n ->
    [one] one day
   *[other] { $shown } days
    }
setup-dns = For the keeper of the DNS
setup-dns-why = With these records in the zone of the node's domain, mail programs find the settings by themselves (RFC 6186).
transfer-title = Mail in and out
transfer-jobs = Under way and done
transfer-from-server = From another mail server
transfer-from-files = From files
transfer-queued = waiting
transfer-running = under way
transfer-done = done
transfer-ended = ended with a problem
transfer-cancelled = cancelled
transfer-taken = { $n ->
    [one] one message taken
   *[other] { $shown } messages taken
    }
transfer-failed = { $n ->
    [one] one could not be taken
   *[other] { $shown } could not be taken
    }
transfer-cancel = Cancel
transfer-look = Look again
transfer-out = Take everything with you
transfer-have = { $n ->
    [one] You have one message
   *[other] You have { $shown } messages
    }
transfer-out-why = All your mailboxes in one archive, at any time: as Maildir (with folders, flags and times; mutt, Dovecot and others read it), or as mbox (one file for each mailbox, which Thunderbird and Apple Mail import).
transfer-server = From another mail server
transfer-server-why = All mailboxes are copied with their flags and times. Nothing changes there. If the line breaks it goes on by itself, and if you begin it again later, only what is new is taken.
transfer-host = Server (IMAP)
transfer-secure = Security
transfer-plain = none (only within a network that you trust)
transfer-port = Port
transfer-port-hint = Only if it is not the usual one.
transfer-user = User name there
transfer-password = Password there
transfer-password-hint = Kept sealed until everything has come, then forgotten.
transfer-trusted = Fingerprint of its certificate
transfer-trusted-hint = Only if the certificate is the server's own; the message of the problem names it.
transfer-begin = Begin
transfer-files = From files
transfer-files-why = Files in mbox format (as Thunderbird has them), single messages (.eml), or a .tar of a Maildir.
transfer-mailbox = Into this mailbox
transfer-mailbox-hint = Empty: mailboxes are named as the files and folders are.
transfer-choose = Files
transfer-incomplete = Server and user name are needed; the port is a number.
