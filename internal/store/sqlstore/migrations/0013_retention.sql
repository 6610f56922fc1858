-- Where the change feed ended at some moments: what is older than the newest of them
-- that lies a while back is in no running cycle any more.
create table feed_heads (
    at       bigint primary key,
    sequence bigint not null
);

-- Up to where the change feed was removed.
insert into counters (name, value) values ('pruned_changes', 0);
