-- A feed: the node's own (own = 1) or a mirror. size and root are those of the entries that are here. Entries before
-- first_entry (a multiple of 256) were left out, because the mirror began with a snapshot.
create table feed_feed (
    id bigint primary key,
    origin text not null unique,
    kind text not null,
    own bigint not null,
    vkey text not null,
    size bigint not null,
    root bytea not null,
    first_entry bigint not null
);
create table feed_bundle (
    feed bigint not null,
    n bigint not null,
    entries bytea not null,
    primary key (feed, n)
);
create table feed_tile (
    feed bigint not null,
    level bigint not null,
    n bigint not null,
    hashes bytea not null,
    primary key (feed, level, n)
);
-- Entries before first_entry that a snapshot brought.
create table feed_sparse (
    feed bigint not null,
    idx bigint not null,
    entry bytea not null,
    primary key (feed, idx)
);
-- A row each, so that one can be erased.
create table feed_body (
    feed bigint not null,
    idx bigint not null,
    salt bytea not null,
    body bytea not null,
    primary key (feed, idx)
);
-- Counts changes of the bodies of a bundle, so that an export knows what to write again.
create table feed_pack (
    feed bigint not null,
    n bigint not null,
    changes bigint not null,
    primary key (feed, n)
) /* by key */;
-- Can be rebuilt: the state of each object. withdrawn is the index of the withdrawal, -1 while the object lives.
create table feed_object (
    feed bigint not null,
    collection text not null,
    object text not null,
    newest bigint not null,
    versions bigint not null,
    withdrawn bigint not null,
    primary key (feed, collection, object)
) /* by key */;
create table feed_checkpoint (
    feed bigint not null,
    size bigint not null,
    root bytea not null,
    note text not null,
    seen_ms bigint not null,
    primary key (feed, size)
);
create table feed_cosignature (
    feed bigint not null,
    size bigint not null,
    name text not null,
    line text not null,
    primary key (feed, size, name)
);
create table feed_conflict (
    feed bigint not null,
    id text not null,
    proof text not null,
    seen_ms bigint not null,
    primary key (feed, id)
);
