-- Attributes of single accounts for which the target leads.
create table acceptances (
    job_id    key_text not null references jobs (id) on delete cascade,
    source_id key_text not null,
    attribute key_text not null,
    wanted    text     not null, -- JSON: what the mapping gave when it was accepted
    at        bigint   not null,
    actor     text     not null,
    primary key (job_id, source_id, attribute)
);
-- The latest check of a job for changes made in the target.
create table drift_checks (
    job_id  key_text primary key references jobs (id) on delete cascade,
    content text     not null -- JSON
);
