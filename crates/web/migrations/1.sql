-- Can be rebuilt from the feeds of kind `directory`: the newest version of each record. version is its index in the feed.
-- record is its JSON; empty where it is withdrawn, missing or can't be read.
create table directory_record (
    feed bigint not null,
    object text not null,
    version bigint not null,
    state text not null,
    record text not null,
    published_s bigint not null,
    primary key (feed, object)
);
