"""What can be read out of the record: lists, the audit, replay, exports. Nothing here writes."""
