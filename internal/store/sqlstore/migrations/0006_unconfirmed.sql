-- Values that wait for a confirmation in the target: since when the oldest waits
-- that nobody was warned of, 0 for none.
alter table connections add column pending_since bigint not null default 0;

create index connections_unconfirmed on connections (job_id, pending_since) where pending_since > 0;
