-- What a batch did with one record: undoing a large batch asks for each, and editing a batch's records walks along them.
create index catalogue_batch_record_record on catalogue_batch_record (batch, record);
