-- One row: the key of keyed hashes and the node's own time (see node_time.rs).
create table people_state (
    id bigint primary key,
    secret text not null,
    elapsed_ms bigint not null,
    seen_ms bigint not null
);
-- An empty password means that nobody can sign in with one. Roles are words with a space between.
create table people_person (
    id text primary key,
    name text not null unique,
    display text not null,
    password text not null default '',
    roles text not null,
    language text not null default '',
    created_ms bigint not null,
    disabled bigint not null default 0
);
create table people_group (
    id text primary key,
    name text not null unique,
    created_ms bigint not null
);
create table people_member (
    person text not null references people_person (id) on delete cascade,
    group_id text not null references people_group (id) on delete cascade,
    primary key (person, group_id)
);
create index people_member_by_group on people_member (group_id);
-- used_at is in the node's own time; the two times in ms are only shown.
create table people_session (
    id_hash text primary key,
    person text not null references people_person (id) on delete cascade,
    created_ms bigint not null,
    used_ms bigint not null,
    used_at bigint not null
);
create index people_session_by_person on people_session (person, used_at);
create index people_session_by_use on people_session (used_at);
-- bucket is a keyed hash: neither names nor addresses are kept.
create table people_try (
    bucket text primary key,
    failures bigint not null,
    last_at bigint not null
);
create index people_try_by_time on people_try (last_at);
create table people_app_password (
    id text primary key,
    person text not null references people_person (id) on delete cascade,
    hash text not null unique,
    label text not null,
    created_ms bigint not null,
    used_day text not null default ''
);
create index people_app_password_by_person on people_app_password (person, created_ms);
-- person is empty for the first start.
create table people_link (
    hash text primary key,
    purpose text not null,
    person text not null,
    expires_at bigint not null
);
