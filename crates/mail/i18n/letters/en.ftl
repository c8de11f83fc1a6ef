dsn-failed = Your message could not be delivered
dsn-delayed = Your message is still on its way
dsn-delivered = Your message was delivered
dsn-relayed = Your message was passed on
dsn-said = { $server } said:
dsn-why-delivered = It is in the mailbox.
dsn-why-full = The mailbox is full.
dsn-why-refused = The receiver did not take it.
dsn-why-operator = An operator of the node took it out of the queue.
dsn-why-delayed = The way there has been closed for longer than usual. It is tried further; you need do nothing.
dsn-why-next-refused = The mail server that it was given to refused it.
dsn-why-expired = The mail server that it was given to didn't take it for five days.
dsn-why-relayed = It was given to a mail server that may send no further reports.
held-subject = { $list }: { $n ->
    [one] one message waits
   *[other] { $n } messages wait
    } for you
held-text = Messages to the list { $list } wait for a moderator. Let them through or throw them away here:
held-once = You are told of this at most once a day.
waits-text = Your message to the list { $list } waits for a moderator. When it is let through, all members get it. You need do nothing.
