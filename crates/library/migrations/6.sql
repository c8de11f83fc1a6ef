-- every_h: how often a repository is asked by itself, in hours of the node's own time, 0 for never; waited_s is what has
-- passed of it. whole: 0, or the number of the harvest of everything that is under way; rows that have another number in
-- seen at its end are gone from the repository.
alter table harvest add column every_h bigint not null default 0;
alter table harvest add column waited_s bigint not null default 0;
alter table harvest add column whole bigint not null default 0;
alter table harvested add column seen bigint not null default 0;
