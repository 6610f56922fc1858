-- People who left and whose accounts are kept for a grace period.
create table leavers (
    job_id    key_text not null references jobs (id) on delete cascade,
    source_id key_text not null,
    since     bigint   not null, -- when they were first found to have left
    due_at    bigint   not null,
    reason    text     not null,
    primary key (job_id, source_id)
);

create index leavers_by_due on leavers (job_id, due_at);

-- References that the target refused are tried again at growing intervals.
alter table waiting_references add column code text not null default '';
alter table waiting_references add column message text not null default '';
alter table waiting_references add column attempts bigint not null default 0;
alter table waiting_references add column first_at bigint not null default 0;
alter table waiting_references add column next_at bigint not null default 0;

-- Escrows are about people only.
alter table escrows drop column reference;
