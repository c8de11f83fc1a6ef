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
mail-search-help = Searches who wrote, to whom, the subject and the first words.
mail-search-none = Nothing was found for “{ $s }”.
mail-today = Today
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
mail-no-way = There is no way yet to { $s }: only people of this node can be reached.
mail-too-large = The files are too large for one message.
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
mail-retention = Empty bin and junk after
mail-never = Never
mail-days = { $n ->
    [one] One day
   *[other] { $shown } days
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
