create table harvest (
    collection text primary key,
    state text not null,
    sequence bigint not null default 0,
    indexed bigint not null default 0
);
create table harvested (
    collection text not null,
    identifier text not null,
    datestamp text not null,
    deleted bigint not null default 0,
    metadata text not null,
    sequence bigint not null,
    primary key (collection, identifier)
);
create index harvested_sequence on harvested (collection, sequence);
