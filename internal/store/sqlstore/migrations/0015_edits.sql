-- Edits of the directory take turns, and do not wait for an import.
insert into counters (name, value) values ('edits', 0);
