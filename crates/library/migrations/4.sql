-- Can be rebuilt. Which version of which record holds which blob, by its hash in hexadecimal digits.
create table catalogue_file (
    feed bigint not null,
    collection text not null,
    record text not null,
    version bigint not null,
    hash text not null,
    primary key (feed, collection, record, version, hash)
);
create index catalogue_file_hash on catalogue_file (hash);
-- Files that a person sent, until a draft or a record holds them.
create table catalogue_upload (
    hash text not null,
    person text not null,
    name text not null,
    media_type text not null,
    size_bytes bigint not null,
    sent_ms bigint not null,
    primary key (hash, person)
);
-- Blobs that may be used no more, to be looked at; deleting is 1 from the moment on when nobody may use one anew.
create table catalogue_gone (
    hash text primary key,
    deleting bigint not null default 0
);
-- Records to begin with; person is empty for one that all cataloguers of the collection see.
create table catalogue_template (
    id text primary key,
    collection text not null,
    person text not null,
    name text not null,
    work text not null,
    updated_ms bigint not null
);
create index catalogue_template_collection on catalogue_template (collection, person, name);
-- The most used headings, for beginnings that fit very many. Few are used so often, so that the index costs little.
create index catalogue_heading_uses on catalogue_heading (feed, kind, uses, key, display) where uses >= 16;
