-- Other nodes that are followed. An address is a node's, a web server's or a folder; every_h and waited_s as in harvest.
create table follow (
    address text primary key,
    node text not null,
    every_h bigint not null default 0,
    waited_s bigint not null default 0,
    files text not null,
    files_mb bigint not null,
    visibility text not null,
    tried_ms bigint not null default 0,
    reached_ms bigint not null default 0,
    error text not null default '',
    missing_files bigint not null default 0
);
-- A node's key, and the entries of its feed up to which its withdrawals were acknowledged; -1 before the first time.
create table follow_node (
    node text primary key,
    vkey text not null,
    acknowledged bigint not null
);
