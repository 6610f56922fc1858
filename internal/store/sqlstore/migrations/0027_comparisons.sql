-- What an incumbent did, by its log, beside what a plan would do.
create table comparisons (
    id       key_text primary key, -- sorts by the moment when it was made
    plan_key key_text not null references plans (key) on delete cascade,
    ready    boolean  not null,    -- false while it is made
    content  text     not null     -- JSON
);
create index comparisons_of_plan on comparisons (plan_key, id);

create table comparison_rows (
    comparison_id key_text not null references comparisons (id) on delete cascade,
    number        bigint   not null, -- from 1
    likeness      text     not null,
    search        text     not null, -- in lower case
    content       text     not null, -- JSON
    primary key (comparison_id, number)
);
create index comparison_rows_listed on comparison_rows (comparison_id, number, likeness, search);
