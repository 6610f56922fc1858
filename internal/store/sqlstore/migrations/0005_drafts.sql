-- A draft is the job of an application that nobody has asked for yet.
alter table jobs add column draft boolean not null default false;
