-- Synchronization schemas that administrators change and did not save yet, with what is
-- known of what they would mean for everybody.
create table schema_drafts (
    job_id     key_text not null references jobs (id) on delete cascade,
    owner      key_text not null,
    tag        text     not null,
    base       text     not null, -- JSON
    content    text     not null, -- JSON
    changed_at bigint   not null,
    impact     text     not null, -- JSON, empty while nothing is known
    primary key (job_id, owner)
);

create table draft_changes (
    job_id  key_text not null,
    owner   key_text not null,
    number  bigint   not null, -- from 1
    content text     not null, -- JSON
    primary key (job_id, owner, number),
    foreign key (job_id, owner) references schema_drafts (job_id, owner) on delete cascade
);
