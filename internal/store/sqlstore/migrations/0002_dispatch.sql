-- Who works a job at the moment, so that one cycle of it runs at a time.
create table leases (
    job_id key_text primary key references jobs (id) on delete cascade,
    holder text     not null,
    until  bigint   not null
);

-- What the people who are notified about a job know already.
create table told (
    job_id  key_text primary key references jobs (id) on delete cascade,
    content text     not null -- JSON
);
