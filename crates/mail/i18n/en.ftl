nav-mail = Mail
mail-inbox = Inbox
mail-drafts = Drafts
mail-sent = Sent
mail-archive = Archive
mail-junk = Junk
mail-trash = Bin
mail-boxes = Mailboxes
mail-folders = Folders
mail-settings = Mail settings
mail-letters = Unsent
mail-write = Write
mail-search = Search mail
mail-search-help = Searches people, subjects, the whole text and attached files.
mail-search-none = Nothing was found for “{ $s }”.
mail-me = me
mail-to-short = To: { $s }
mail-select = Choose: { $s }
mail-unread = Unread
mail-flagged = Starred
mail-answered = Answered
mail-has-file = With files
mail-no-subject = (no subject)
mail-empty = Nothing is here.
mail-older = Older
mail-newest = Newest
mail-more = More
mail-do-archive = Archive
mail-do-delete = Delete
mail-do-read = Mark as read
mail-do-unread = Mark as unread
mail-do-flag = Star
mail-do-unflag = Remove star
mail-do-junk = It is junk
mail-do-move = Move to
mail-move = Move
mail-to-inbox = Back to the inbox
mail-empty-it = Delete all for good
mail-empty-sure = Yes, everything in here
mail-done-moved = { $n ->
    [one] One message was moved.
   *[other] { $shown } messages were moved.
    }
mail-done-deleted = { $n ->
    [one] One message was deleted.
   *[other] { $shown } messages were deleted.
    }
mail-done-sent = Sent.
mail-done-saved = Saved.
mail-sending = The message is being sent.
mail-undo = Undo
mail-back = Back
mail-print = Print
mail-open-all = Open all messages
mail-thread-cut = Only the newest messages of this conversation are shown.
mail-earlier = { $n ->
    [one] One earlier message
   *[other] { $shown } earlier messages
    }
mail-later = { $n ->
    [one] One later message
   *[other] { $shown } later messages
    }
mail-more-people = { $n ->
    [one] One more
   *[other] { $shown } more
    }
mail-failed-letters = { $n ->
    [one] One message could not be sent.
   *[other] { $shown } messages could not be sent.
    }
mail-signed-out = You are not signed in any more. Sign in in another window; then go on here: nothing that you wrote is lost.
mail-look-again = You have signed in anew meanwhile. Look over what you wrote, attach files again, and send it or save it.
mail-from = From
mail-to = To
mail-cc = Cc
mail-bcc = Bcc
mail-date = Date
mail-subject = Subject
mail-text = Text
mail-files = Files
mail-reply = Reply
mail-reply-all = Reply to all
mail-forward = Forward
mail-edit = Continue writing
mail-as-text = As text
mail-as-html = As designed
mail-source = Save the message
mail-quoted = Quoted text
mail-text-cut = The text goes on: save the message to read all of it.
mail-frame = Message of { $s }
mail-frame-old = This address is too old: open the message again.
mail-remote-blocked = Pictures from elsewhere were not loaded: they would tell the sender that you read this.
mail-remote-show = Load them
mail-wrote = { $who } wrote ({ $when }):
mail-forwarded = Forwarded message
mail-attach = Attach files
mail-attach-now = Attach now
mail-inline = in the text
mail-drop = Remove { $s }
mail-drop-here = Drop files here
mail-send = Send
mail-save = Save
mail-discard = Discard
mail-discard-sure = Discard this message?
mail-saved = Saved
mail-unsaved = Not saved: it is tried again
mail-suggestions = People
mail-directory = Directory
mail-find-person = Find a person
mail-failed = Could not be sent:
mail-waits = Is being sent
mail-sent-already = This message has been sent already.
mail-no-recipient = Say to whom it goes.
mail-many-recipients = There are too many recipients: 500 are allowed.
mail-bad-recipient = “{ $s }” is not an address.
mail-nobody = Nobody here has the address { $s }.
mail-no-way = There is no way to { $s }: this node has no connection for mail to the world outside.
mail-too-large = The files are too large: one message can have { $s } of them.
mail-folder-name = Name
mail-folder-new = New folder
mail-folder-help = A / in the name puts a folder into another: Projects/Wells
mail-folder-rename = Rename
mail-folder-rename-to = New name of { $s }
mail-folder-sure = Its mail goes to the bin
mail-messages = { $n ->
    [one] One message
   *[other] { $shown } messages
    }
mail-address = Your address
mail-used = { $s } used
mail-used-of = { $used } of { $room } used
mail-signature = Signature
mail-undo-s = Time to take a message back
mail-seconds = { $n ->
    [0] None
    [one] One second
   *[other] { $shown } seconds
    }
mail-vacation = Away
mail-vacation-on = Answer those who write that I am away
mail-vacation-help = Each person is told once a week. Lists and programs are not answered.
mail-rules = Rules
mail-rules-help = They are looked at in this order when a message comes.
mail-rule-if = If
mail-rule-has = contains
mail-rule-then = then
mail-rule-box = Folder
mail-rule-forward = Address on this node
mail-rule-add = Add rule
mail-rule-no-words = Say what the rule looks for.
mail-rule-nobody = A copy can go only to somebody else on this node.
mail-rule-too-many = There are 100 rules already: delete some first.
mail-field-from = From
mail-field-to = To or Cc
mail-field-subject = Subject
mail-field-list = Mailing list
mail-field-any = Any of these
mail-action-move = move to the folder
mail-action-flag = star
mail-action-read = mark as read
mail-action-forward = send a copy to
mail-action-delete = delete

# Mail programs, and mail in and out
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
mail-kept = Kept
me-bad-name = “{ $s }” can't be used as a name: it is empty or too long, or has a sign that names can't have.
me-exists = “{ $s }” is taken already.
me-nobody = There is no “{ $s }” here.
me-full = The mailbox of { $s } is full: something must be deleted there first.
me-many-folders = There are { $s } folders, and there can't be more: delete some first.
me-needs-owner = A list needs an owner: name another one first.
me-needs-manager = Somebody must manage the mailbox: name another one first.
me-many-members = There can't be more members: add a group instead.
me-enough = This node can't have more of them.
me-no-sender = The message has no sender to answer.
me-into-itself = A folder can't be put into itself.
mail-done = Done.
mail-select-all = Choose all
mail-empty-inbox = Your inbox is empty. Mail to { $s } arrives here.
mail-rule-up = Move up
mail-rules-none = There are no rules yet. With one, mail of a list or a person goes into a folder by itself.
mail-vacation-empty = Write what is answered while you are away.
