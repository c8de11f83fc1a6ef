-- Seconds since 1970: no later entry of the feed says an earlier time, whatever the clock of the machine does. At least
-- the time of the newest entry, and the newest time that was told to others (see Feeds::told_seconds).
alter table feed_feed add column clock bigint not null default 0;
