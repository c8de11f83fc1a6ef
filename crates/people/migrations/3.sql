-- Names that something else than a person has: mailing lists, shared mailboxes, further names of both. People and they
-- share one space of names, since each is an address.
create table people_reserved (
    name text primary key
);
